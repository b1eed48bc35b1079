// A hook for tests alone: switches one piece of mathematics off, to show that a test notices its absence.
//
// Nothing outside tests can set it: there is no option, variable or file that reaches it.
#pragma once

namespace tint {

enum class Mathematics {
  kUpscaler,              // super-resolve: enlarge plainly instead
  kTextualInversionStep,  // the learned vectors stay where they began
  kDdimInversion,         // the path repeats the start
  kNullTextStep,          // the unconditional embeddings stay empty
  kGuidance,              // the conditional branch alone
  kBlend,                 // generation starts from the inverted latents
  kPrototypes,            // pseudo-labels permuted: each class taught as the next one
  kDistillationLoss,      // pseudo-labels teach nothing
  kSupportLoss,           // true labels teach nothing
  kStudentStep,           // the student's weights stay where they began
  kCount
};

bool SwitchedOff(Mathematics piece);

// Switches `piece` off for the life of this object. Tests only.
class ScopedSwitchOff {
 public:
  explicit ScopedSwitchOff(Mathematics piece);
  ~ScopedSwitchOff();
  ScopedSwitchOff(const ScopedSwitchOff&) = delete;
  ScopedSwitchOff& operator=(const ScopedSwitchOff&) = delete;

 private:
  Mathematics piece_;
};

}  // namespace tint
