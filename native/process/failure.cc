#include "process/failure.h"

#include <errno.h>
#include <string.h>

namespace nsatlas {

std::string text_of(int err) {
  char buffer[128];
  return strerror_r(err, buffer, sizeof buffer);  // the GNU one: returns the text
}

Failure call_failed(Operation operation, int err, const std::string& what) {
  const bool refused = err == EACCES || err == EPERM;
  return {refused ? Problem::Denied : Problem::Failed, operation, err, what + ": " + text_of(err)};
}

}  // namespace nsatlas
