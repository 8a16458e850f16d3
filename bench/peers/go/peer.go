// The Go peer: channels of int between goroutines.
//
//	peer small COUNT     COUNT messages, one way, capacity 1024
//	peer mpmc COUNT      COUNT messages, 2 senders, 2 receivers, capacity 1024
//	peer rtt-spin COUNT  COUNT round trips over two channels, scheduled as Go likes
//	peer rtt-park COUNT  COUNT round trips between two goroutines, each locked to a thread of its own
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
	"time"
)

func fail(what string) {
	fmt.Fprintln(os.Stderr, "go peer:", what)
	os.Exit(1)
}

func per(start time.Time, count int) float64 {
	return float64(time.Since(start).Nanoseconds()) / float64(count)
}

func nsPerMessage(warmUp, count int) float64 {
	numbers := make(chan int, 1024)
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
	start := time.Now()
	for i := warmUp; i < warmUp+count; i++ {
		if <-numbers != i {
			fail("a message was lost")
		}
	}
	return per(start, count)
}

func nsPerMessageMpmc(count int) float64 {
	numbers := make(chan int, 1024)
	var senders, receivers sync.WaitGroup
	var received int64
	start := time.Now()
	for s := 0; s < 2; s++ {
		senders.Add(1)
		go func() {
			defer senders.Done()
			for i := 0; i < count/2; i++ {
				numbers <- i
			}
		}()
	}
	for r := 0; r < 2; r++ {
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
	elapsed := per(start, count)
	if received != int64(count/2*2) {
		fail("a message was lost")
	}
	return elapsed
}

func usRoundTrip(warmUp, count int, locked bool) float64 {
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
	var start time.Time
	for i := 0; i < warmUp+count; i++ {
		if i == warmUp {
			start = time.Now()
		}
		there <- i
		if <-back != i {
			fail("a message was lost")
		}
	}
	elapsed := per(start, count) / 1000
	close(there)
	return elapsed
}

func main() {
	usage := "usage: peer small|mpmc|rtt-spin|rtt-park COUNT"
	if len(os.Args) != 3 {
		fail(usage)
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 1 {
		fail(usage)
	}
	warmUp := count / 10
	switch os.Args[1] {
	case "small":
		fmt.Printf("{\"nsPerMessage\":%.4f}\n", nsPerMessage(warmUp, count))
	case "mpmc":
		nsPerMessageMpmc(warmUp)
		fmt.Printf("{\"nsPerMessage\":%.4f}\n", nsPerMessageMpmc(count))
	case "rtt-spin":
		fmt.Printf("{\"usRoundTrip\":%.5f}\n", usRoundTrip(warmUp, count, false))
	case "rtt-park":
		fmt.Printf("{\"usRoundTrip\":%.5f}\n", usRoundTrip(warmUp, count, true))
	default:
		fail(usage)
	}
}
