// The Go peer of locks: a number that is raised by one under a sync.Mutex, COUNT times in all.
//
//	locks alone COUNT       one goroutine that nobody meets
//	locks contended COUNT   two goroutines at once, each locked to a thread of its own, each a half of it
//
// Prints its figure as one line of JSON. Half as much is done beforehand and not timed.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

func fail(what string) {
	fmt.Fprintln(os.Stderr, "go peer:", what)
	os.Exit(1)
}

type counter struct {
	mu    sync.Mutex
	total int
}

func (c *counter) raise(count int) {
	for i := 0; i < count; i++ {
		c.mu.Lock()
		c.total++
		c.mu.Unlock()
	}
}

// Nanoseconds in which each of so many goroutines takes its share.
func (c *counter) timed(goroutines, share int) int64 {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(goroutines)
	done.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		go func() {
			runtime.LockOSThread()
			ready.Done()
			<-begin
			c.raise(share)
			done.Done()
		}()
	}
	ready.Wait()
	start := time.Now()
	close(begin)
	done.Wait()
	return time.Since(start).Nanoseconds()
}

func main() {
	usage := "usage: locks alone COUNT | contended COUNT"
	if len(os.Args) != 3 {
		fail(usage)
	}
	goroutines := map[string]int{"alone": 1, "contended": 2}[os.Args[1]]
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 4 || goroutines == 0 {
		fail(usage)
	}
	share := count / goroutines
	var c counter
	c.timed(goroutines, share/2)
	nanoseconds := c.timed(goroutines, share)
	if c.total != goroutines*(share+share/2) {
		fail("a lock let two in")
	}
	fmt.Printf("{\"nsPerLock\":%.4f}\n", float64(nanoseconds)/float64(goroutines*share))
}
