#include "process/thread.h"

#include <pthread.h>
#include <signal.h>

#include <memory>
#include <utility>

namespace nsatlas {
namespace {

struct Start {
  const char* name;
  std::function<void()> run;
};

void* run_thread(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  pthread_setname_np(pthread_self(), start->name);
  start->run();
  return nullptr;
}

}  // namespace

int start_thread(const char* name, std::function<void()> run) {
  auto start = std::make_unique<Start>(Start{name, std::move(run)});
  pthread_attr_t attributes;
  if (const int err = pthread_attr_init(&attributes)) return err;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // The mask is inherited: set before the thread starts, no signal can reach it in between.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int err = pthread_create(&thread, &attributes, run_thread, start.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (err == 0) start.release();
  return err;
}

}  // namespace nsatlas
