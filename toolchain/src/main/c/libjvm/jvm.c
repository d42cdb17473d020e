/* What the JDK's own native libraries ask of the JVM, and the image doesn't answer. */
#include "jvm.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NANOS_PER_SECOND 1000000000L

void initialize(void) {}

/* Up to JDK 25 the libraries ask, from 26 on they don't. */
#ifdef JVM_INTERFACE_VERSION
JNIEXPORT jint JNICALL JVM_GetInterfaceVersion(void) { return JVM_INTERFACE_VERSION; }
#endif

JNIEXPORT jboolean JNICALL JVM_IsStaticallyLinked(void) { return JNI_TRUE; }

JNIEXPORT void *JNICALL JVM_FindLibraryEntry(void *handle, const char *name) {
  /* A static executable has no symbol table; the JDK asks for this one to see if there is IPv6. */
  if (strcmp(name, "inet_pton") == 0) {
    return (void *)inet_pton;
  }
  return dlsym(handle, name);
}

JNIEXPORT jint JNICALL JVM_ActiveProcessorCount(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    return CPU_COUNT(&set);
  }
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (jint)online : 1;
}

JNIEXPORT int JNICALL JVM_GetHostName(char *name, int length) {
  return gethostname(name, (size_t)length);
}

JNIEXPORT void JNICALL JVM_BeforeHalt(void) {}

JNIEXPORT void JNICALL JVM_Halt(jint code) { _exit(code); }

int JVM_GetLastErrorString(char *buffer, int size) {
  int error = errno;
  if (error == 0 || size <= 0) {
    return 0;
  }
  snprintf(buffer, (size_t)size, "%s", strerror(error));
  return (int)strlen(buffer);
}

static struct timespec now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time;
}

JNIEXPORT jlong JNICALL JVM_CurrentTimeMillis(JNIEnv *env, jclass ignored) {
  (void)env;
  (void)ignored;
  struct timespec time = now(CLOCK_REALTIME);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

JNIEXPORT jlong JNICALL JVM_NanoTime(JNIEnv *env, jclass ignored) {
  (void)env;
  (void)ignored;
  struct timespec time = now(CLOCK_MONOTONIC);
  return time.tv_sec * NANOS_PER_SECOND + time.tv_nsec;
}

/* Nanoseconds since `offset_secs`, or -1 when they do not fit a sensible distance. */
JNIEXPORT jlong JNICALL JVM_GetNanoTimeAdjustment(JNIEnv *env, jclass ignored, jlong offset_secs) {
  (void)env;
  (void)ignored;
  struct timespec time = now(CLOCK_REALTIME);
  jlong difference = time.tv_sec - offset_secs;
  const jlong farthest = 0x100000000L;
  if (difference >= farthest || difference <= -farthest) {
    return -1;
  }
  return difference * NANOS_PER_SECOND + time.tv_nsec;
}

JNIEXPORT jlong JNICALL Java_java_lang_System_currentTimeMillis(JNIEnv *env, jclass c) {
  return JVM_CurrentTimeMillis(env, c);
}

JNIEXPORT jlong JNICALL Java_java_lang_System_nanoTime(JNIEnv *env, jclass c) {
  return JVM_NanoTime(env, c);
}

JNIEXPORT jlong JNICALL Java_jdk_internal_misc_VM_getNanoTimeAdjustment(JNIEnv *env, jclass c,
                                                                        jlong offset_secs) {
  return JVM_GetNanoTimeAdjustment(env, c, offset_secs);
}

JNIEXPORT int jio_vsnprintf(char *text, size_t size, const char *format, va_list arguments) {
  if ((intptr_t)size <= 0) {
    return -1;
  }
  int length = vsnprintf(text, size, format, arguments);
  return length >= (int)size ? -1 : length;
}

JNIEXPORT int jio_snprintf(char *text, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = jio_vsnprintf(text, size, format, arguments);
  va_end(arguments);
  return length;
}

JNIEXPORT int jio_vfprintf(FILE *stream, const char *format, va_list arguments) {
  return vfprintf(stream, format, arguments);
}

JNIEXPORT int jio_fprintf(FILE *stream, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = jio_vfprintf(stream, format, arguments);
  va_end(arguments);
  return length;
}
