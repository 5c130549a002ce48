// Asks the resident runtime to serve a call.
#pragma once

#include "call.hh"

namespace keelson::cni {

enum class Outcome {
  answered,   // the answer is printed
  nobody,     // nothing has been done: absent, dead, hanging, or not for this machine's view
  abandoned,  // it began and then was gone: what it did is not known here
  late,       // it began, and the deadline is over
};

struct Answer {
  Outcome outcome;
  int exitCode;
};

Answer askResident(const Call& call);

}  // namespace keelson::cni
