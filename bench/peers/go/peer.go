// The Go peer: channels of int between goroutines.
//
//	peer small COUNT CAPACITY          COUNT messages, one way; CAPACITY may be 0
//	peer mpmc COUNT SENDERS RECEIVERS  COUNT messages, capacity 1024
//	peer rtt-spin COUNT                COUNT round trips over two channels, scheduled as Go likes
//	peer rtt-park COUNT                COUNT round trips between two goroutines, each locked to a thread of its own
//
// Prints its figures as one line of JSON. Every round is preceded by a shorter one that is not timed.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func fail(what string) {
	fmt.Fprintln(os.Stderr, "go peer:", what)
	os.Exit(1)
}

// What a stretch of work takes: wall time, and processor time of all threads.
type meter struct {
	start time.Time
	cpu   int64
}

func cpuNanoseconds() int64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		fail("expected to learn of the processor time used")
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func startMeter() meter {
	return meter{time.Now(), cpuNanoseconds()}
}

// Nanoseconds and processor seconds by message.
func (m meter) per(messages int) (float64, float64) {
	elapsed, cpu := time.Since(m.start).Nanoseconds(), cpuNanoseconds()-m.cpu
	return float64(elapsed) / float64(messages), float64(cpu) / 1e3 / float64(messages)
}

func small(warmUp, count, capacity int) (float64, float64) {
	numbers := make(chan int, capacity)
	go func() {
		for i := 0; i < warmUp+count; i++ {
			numbers <- i
		}
	}()
	for i := 0; i < warmUp; i++ {
		if <-numbers != i {
			fail("a message was lost")
		}
	}
	m := startMeter()
	for i := warmUp; i < warmUp+count; i++ {
		if <-numbers != i {
			fail("a message was lost")
		}
	}
	return m.per(count)
}

func mpmc(count, senderCount, receiverCount int) (float64, float64) {
	numbers := make(chan int, 1024)
	var senders, receivers sync.WaitGroup
	var received int64
	m := startMeter()
	for s := 0; s < senderCount; s++ {
		senders.Add(1)
		go func() {
			defer senders.Done()
			for i := 0; i < count/senderCount; i++ {
				numbers <- i
			}
		}()
	}
	for r := 0; r < receiverCount; r++ {
		receivers.Add(1)
		go func() {
			defer receivers.Done()
			mine := int64(0)
			for range numbers {
				mine++
			}
			atomic.AddInt64(&received, mine)
		}()
	}
	senders.Wait()
	close(numbers)
	receivers.Wait()
	if received != int64(count/senderCount*senderCount) {
		fail("a message was lost")
	}
	return m.per(int(received))
}

func roundTrips(warmUp, count int, locked bool) (float64, float64) {
	there := make(chan int, 16)
	back := make(chan int, 16)
	if locked {
		runtime.LockOSThread()
	}
	go func() {
		if locked {
			runtime.LockOSThread()
		}
		for message := range there {
			back <- message
		}
	}()
	var m meter
	for i := 0; i < warmUp+count; i++ {
		if i == warmUp {
			m = startMeter()
		}
		there <- i
		if <-back != i {
			fail("a message was lost")
		}
	}
	defer close(there)
	return m.per(2 * count)
}

func main() {
	usage := "usage: peer small COUNT CAPACITY | mpmc COUNT SENDERS RECEIVERS | rtt-spin COUNT | rtt-park COUNT"
	words := map[string]int{"small": 2, "mpmc": 3, "rtt-spin": 1, "rtt-park": 1}
	if len(os.Args) < 2 || len(os.Args)-2 != words[os.Args[1]] {
		fail(usage)
	}
	var n []int
	for _, word := range os.Args[2:] {
		number, err := strconv.Atoi(word)
		if err != nil || number < 0 {
			fail(usage)
		}
		n = append(n, number)
	}
	if n[0] < 1 {
		fail(usage)
	}
	warmUp := n[0] / 10
	switch os.Args[1] {
	case "small":
		ns, cpu := small(warmUp, n[0], n[1])
		printMessages(ns, cpu)
	case "mpmc":
		mpmc(warmUp, n[1], n[2])
		ns, cpu := mpmc(n[0], n[1], n[2])
		printMessages(ns, cpu)
	default:
		ns, cpu := roundTrips(warmUp, n[0], os.Args[1] == "rtt-park")
		fmt.Printf("{\"usRoundTrip\":%.5f,\"cpuSecondsPerMillion\":%.5f}\n", 2*ns/1000, cpu)
	}
}

func printMessages(ns, cpu float64) {
	fmt.Printf("{\"nsPerMessage\":%.4f,\"cpuSecondsPerMillion\":%.5f}\n", ns, cpu)
}
