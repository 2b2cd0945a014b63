#include "process/thread.h"

#include <pthread.h>
#include <signal.h>

namespace nsatlas {

int start_thread(void* (*run)(void*), void* argument) {
  pthread_attr_t attributes;
  if (const int err = pthread_attr_init(&attributes)) return err;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // The mask is inherited: set before the thread starts, no signal can reach it in between.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int err = pthread_create(&thread, &attributes, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return err;
}

}  // namespace nsatlas
