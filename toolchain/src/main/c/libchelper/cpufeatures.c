/* Whether this CPU can do what the executable was built for. */
#if defined(__x86_64__)
#include "amd64cpufeatures.h"
#define CPU_FEATURES AMD64_CPU_FEATURES
#elif defined(__aarch64__)
#include "aarch64cpufeatures.h"
#define CPU_FEATURES AARCH64_CPU_FEATURES
#endif

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

void determineCPUFeatures(CPUFeatures *features);

static const char *const names[] = {
#define NAME(name) #name,
    CPU_FEATURES(NAME)
#undef NAME
};

/* `required` has a byte a feature: 0xfe if the executable was built for it, else 0xff. */
static int missing(const unsigned char *required, size_t index, const CPUFeatures *present) {
  return (required[index] | ((const unsigned char *)present)[index]) != 0xff;
}

/* 0 when the CPU has all that the executable was built for. */
int checkCPUFeatures(const unsigned char *required) {
  CPUFeatures present;
  determineCPUFeatures(&present);
  for (size_t i = 0; i < sizeof present; i++) {
    if (missing(required, i, &present)) {
      return 1;
    }
  }
  return 0;
}

static size_t append(char *line, size_t length, size_t size, const char *text) {
  size_t more = strlen(text);
  if (length + more > size) {
    return length;
  }
  memcpy(line + length, text, more);
  return length + more;
}

/* The builder's own message names everything it was built for, in two lines; this one names what
   is missing. */
int checkCPUFeaturesOrExit(const unsigned char *required, const char *builders_message) {
  (void)builders_message;
  if (checkCPUFeatures(required) == 0) {
    return 0;
  }
  CPUFeatures present;
  determineCPUFeatures(&present);
  char line[1024];
  size_t size = sizeof line - 1;
  size_t length = append(line, 0, size, program_invocation_short_name);
  length = append(line, length, size, ": this machine's CPU lacks what this program was built for:");
  for (size_t i = 0; i < sizeof present; i++) {
    if (missing(required, i, &present)) {
      length = append(line, length, size, " ");
      length = append(line, length, size, names[i]);
    }
  }
  line[length++] = '\n';
  ssize_t ignored = write(STDERR_FILENO, line, length);
  (void)ignored;
  _exit(1);
}
