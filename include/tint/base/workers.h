// The same work on many items by several threads.
#pragma once

#include <cstdint>
#include <functional>

namespace tint {

// Calls work(i) for each i in 0...count-1, `workers` at a time (0: one a processor). If calls throw, the exception of
// the smallest such i comes out, whatever the number of workers; items behind it may be left out.
void ForEach(int64_t count, int workers, const std::function<void(int64_t)>& work);

}  // namespace tint
