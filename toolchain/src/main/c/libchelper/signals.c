/* Signals on their way from the kernel to the image's dispatcher thread. */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_bool in_use;
static sem_t arrived;
static atomic_uint pending[_NSIG];

/* 0, 1 when another isolate has it, or -1 with errno. */
int cSunMiscSignal_open(void) {
  bool expected = false;
  if (!atomic_compare_exchange_strong(&in_use, &expected, true)) {
    return 1;
  }
  for (int i = 0; i < _NSIG; i++) {
    atomic_store(&pending[i], 0);
  }
  if (sem_init(&arrived, 0, 0) != 0) {
    atomic_store(&in_use, false);
    return -1;
  }
  return 0;
}

int cSunMiscSignal_close(void) {
  int result = sem_destroy(&arrived);
  atomic_store(&in_use, false);
  return result;
}

int cSunMiscSignal_awaitSemaphore(void) {
  int result;
  do {
    result = sem_wait(&arrived);
  } while (result != 0 && errno == EINTR);
  return result;
}

int cSunMiscSignal_signalSemaphore(void) { return sem_post(&arrived); }

/* Java's boolean is one byte. */
bool cSunMiscSignal_signalRangeCheck(int signal) { return signal > 0 && signal < _NSIG; }

/* A signal that arrived and was not asked for yet, or -1. */
int cSunMiscSignal_checkPendingSignal(void) {
  for (int i = 1; i < _NSIG; i++) {
    unsigned int count = atomic_load(&pending[i]);
    while (count > 0) {
      if (atomic_compare_exchange_weak(&pending[i], &count, count - 1)) {
        return i;
      }
    }
  }
  return -1;
}

static void handle(int signal) {
  int saved = errno;
  if (cSunMiscSignal_signalRangeCheck(signal)) {
    atomic_fetch_add(&pending[signal], 1);
    sem_post(&arrived);
  }
  errno = saved;
}

void *cSunMiscSignal_signalHandlerFunctionPointer(void) { return (void *)handle; }
