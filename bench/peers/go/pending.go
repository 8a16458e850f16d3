// The Go peer whose goroutines are blocked: COUNT of them on one channel, woken all at once.
//
//	pending receive COUNT   each receives
//	pending select COUNT    each selects among two channels
//
// bytesPerPending is what the runtime took from the system for them, stacks included; msToWake the time from close until
// the last one has gone on. Prints its figures as one line of JSON.
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
	fmt.Fprintln(os.Stderr, "go pending peer:", what)
	os.Exit(1)
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapInuse + stats.StackInuse + stats.MSpanInuse
}

func main() {
	if len(os.Args) != 3 || (os.Args[1] != "receive" && os.Args[1] != "select") {
		fail("usage: pending receive|select COUNT")
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 1 {
		fail("usage: pending receive|select COUNT")
	}
	one, other := make(chan int, 1), make(chan int, 1)
	var woken sync.WaitGroup
	var started int64
	wait := func() {
		atomic.AddInt64(&started, 1)
		<-one
		woken.Done()
	}
	if os.Args[1] == "select" {
		wait = func() {
			atomic.AddInt64(&started, 1)
			select {
			case <-one:
			case <-other:
			}
			woken.Done()
		}
	}
	before := inUse()
	woken.Add(count)
	for i := 0; i < count; i++ {
		go wait()
	}
	for atomic.LoadInt64(&started) < int64(count) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	bytes := inUse() - before
	start := time.Now()
	close(one)
	woken.Wait()
	elapsed := time.Since(start)
	fmt.Printf("{\"bytesPerPending\":%.1f,\"msToWake\":%.3f}\n", float64(bytes)/float64(count), float64(elapsed.Nanoseconds())/1e6)
}
