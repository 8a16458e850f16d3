// The C++ peer: a bounded ring for one sender and one receiver with cached cursors (the rigtorp/SPSCQueue shape),
// and, for two threads that sleep, a mutex with a condition variable.
//
//   peer small COUNT      COUNT messages of 8 bytes, one way, capacity 1024: once with release stores, once with
//                         sequentially consistent ones (the only kind JavaScript has)
//   peer rtt-spin COUNT   COUNT round trips over two rings, both sides spinning
//   peer rtt-park COUNT   COUNT round trips through two one-message boxes, both sides sleeping
//   peer word COUNT       COUNT times one word to the other thread and back, both sides spinning: no message at all
//
// Prints its figures as one line of JSON. Every round is preceded by a shorter one that is not timed.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

// Two lines of 64 bytes, because the prefetcher fetches them in pairs.
constexpr std::size_t kApart = 128;

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// `kPublish` is the order of the one store that makes a message, or a freed slot, visible to the other side.
template <std::memory_order kPublish, std::size_t kCapacity>
class Ring {
  static_assert((kCapacity & (kCapacity - 1)) == 0, "the capacity is a power of two");

 public:
  void send(std::int64_t value) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    while (tail - cachedHead_ == kCapacity) {
      cachedHead_ = head_.load(std::memory_order_acquire);
      if (tail - cachedHead_ == kCapacity) pause();
    }
    slots_[tail & (kCapacity - 1)] = value;
    tail_.store(tail + 1, kPublish);
  }

  std::int64_t receive() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    while (head == cachedTail_) {
      cachedTail_ = tail_.load(std::memory_order_acquire);
      if (head == cachedTail_) pause();
    }
    const std::int64_t value = slots_[head & (kCapacity - 1)];
    head_.store(head + 1, kPublish);
    return value;
  }

 private:
  alignas(kApart) std::atomic<std::size_t> tail_{0};
  std::size_t cachedHead_ = 0;  // the sender's
  alignas(kApart) std::atomic<std::size_t> head_{0};
  std::size_t cachedTail_ = 0;  // the receiver's
  alignas(kApart) std::int64_t slots_[kCapacity];
};

// One message at a time, handed over under a mutex; whoever finds nothing sleeps.
class Box {
 public:
  void send(std::int64_t value) {
    {
      std::unique_lock<std::mutex> held(mutex_);
      changed_.wait(held, [this] { return !full_; });
      value_ = value;
      full_ = true;
    }
    changed_.notify_one();
  }

  std::int64_t receive() {
    std::int64_t value;
    {
      std::unique_lock<std::mutex> held(mutex_);
      changed_.wait(held, [this] { return full_; });
      value = value_;
      full_ = false;
    }
    changed_.notify_one();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t value_ = 0;
  bool full_ = false;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "cpp peer: %s\n", what);
  std::exit(1);
}

double nanoseconds(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// By message: nanoseconds, and millionths of a second of processor time that all threads used.
struct Cost {
  double nanoseconds;
  double cpuMicroseconds;
};

template <class Channel>
Cost perMessage(std::int64_t warmUp, std::int64_t count) {
  auto channel = std::make_unique<Channel>();
  std::thread sender([&] {
    for (std::int64_t i = 0; i < warmUp + count; i++) channel->send(i);
  });
  for (std::int64_t i = 0; i < warmUp; i++) {
    if (channel->receive() != i) fail("a message was lost");
  }
  const auto start = Clock::now();
  const std::clock_t cpu = std::clock();
  for (std::int64_t i = warmUp; i < warmUp + count; i++) {
    if (channel->receive() != i) fail("a message was lost");
  }
  const double elapsed = nanoseconds(start);
  const double used = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC * 1e6;
  sender.join();
  return {elapsed / static_cast<double>(count), used / static_cast<double>(count)};
}

template <class Channel>
double usRoundTrip(std::int64_t warmUp, std::int64_t count) {
  auto there = std::make_unique<Channel>();
  auto back = std::make_unique<Channel>();
  std::thread echo([&] {
    for (std::int64_t i = 0; i < warmUp + count; i++) back->send(there->receive());
  });
  Clock::time_point start;
  for (std::int64_t i = 0; i < warmUp + count; i++) {
    if (i == warmUp) start = Clock::now();
    there->send(i);
    if (back->receive() != i) fail("a message was lost");
  }
  const double elapsed = nanoseconds(start);
  echo.join();
  return elapsed / static_cast<double>(count) / 1000;
}

double nsPerRoundOfWord(std::int64_t count) {
  alignas(128) std::atomic<std::int64_t> word{0};
  std::thread other([&] {
    for (std::int64_t i = 0; i < count; i++) {
      while (word.load(std::memory_order_acquire) != 2 * i + 1) {
      }
      word.store(2 * i + 2, std::memory_order_release);
    }
  });
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < count; i++) {
    word.store(2 * i + 1, std::memory_order_release);
    while (word.load(std::memory_order_acquire) != 2 * i + 2) {
    }
  }
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
  other.join();
  return taken.count() / static_cast<double>(count);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t count = argc == 3 ? std::atoll(argv[2]) : 0;
  if (count < 1) fail("usage: peer small|rtt-spin|rtt-park|word COUNT");
  const std::int64_t warmUp = count / 10;
  if (std::strcmp(argv[1], "small") == 0) {
    const Cost released = perMessage<Ring<std::memory_order_release, 1024>>(warmUp, count);
    const Cost ordered = perMessage<Ring<std::memory_order_seq_cst, 1024>>(warmUp, count);
    std::printf("{\"nsPerMessage\":%.4f,\"cpuSecondsPerMillion\":%.5f,\"nsPerMessageSeqCst\":%.4f}\n",
                released.nanoseconds, released.cpuMicroseconds, ordered.nanoseconds);
  } else if (std::strcmp(argv[1], "rtt-spin") == 0) {
    std::printf("{\"usRoundTrip\":%.5f}\n", usRoundTrip<Ring<std::memory_order_release, 16>>(warmUp, count));
  } else if (std::strcmp(argv[1], "rtt-park") == 0) {
    std::printf("{\"usRoundTrip\":%.5f}\n", usRoundTrip<Box>(warmUp, count));
  } else if (std::strcmp(argv[1], "word") == 0) {
    nsPerRoundOfWord(warmUp);
    std::printf("{\"nsPerMessage\":%.4f}\n", nsPerRoundOfWord(count));
  } else {
    fail("usage: peer small|rtt-spin|rtt-park|word COUNT");
  }
}
