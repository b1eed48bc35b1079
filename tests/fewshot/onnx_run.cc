// SPDX-License-Identifier: Apache-2.0
// onnx_run MODEL INPUT BATCH SIZE OUTPUT: runs an ONNX file by OpenCV's dnn, float32 in, float32 out. A program of its
// own: OpenCV brings another protobuf than LibTorch's, and two in one process get in each other's way.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <opencv2/dnn.hpp>
#include <vector>

int main(int, char** arguments) {
  try {
    std::ifstream file(arguments[2], std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const int batch = std::atoi(arguments[3]), size = std::atoi(arguments[4]);
    const int shape[] = {batch, 3, size, size};
    const cv::Mat images(4, shape, CV_32F, bytes.data());
    if (images.total() * sizeof(float) != bytes.size()) return 1;
    cv::dnn::Net net = cv::dnn::readNetFromONNX(arguments[1]);
    net.setInput(images, "images");
    const cv::Mat logits = net.forward("logits");
    std::ofstream(arguments[5], std::ios::binary)
        .write(logits.ptr<char>(), static_cast<std::streamsize>(logits.total() * sizeof(float)));
    return 0;
  } catch (const cv::Exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
