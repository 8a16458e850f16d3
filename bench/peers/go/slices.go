// The Go peer with slices: each message is a slice that the sender makes and the receiver owns from then on.
//
//	slices batches COUNT BATCH  COUNT numbers in slices of BATCH, at most 1024 of them (or one slice) on their way
//	slices sizes COUNT BYTES    COUNT slices of BYTES bytes, copied from a source, capacity 64
//
// Prints its figures as one line of JSON. Every round is preceded by a shorter one that is not timed.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func fail(what string) {
	fmt.Fprintln(os.Stderr, "go peer:", what)
	os.Exit(1)
}

func sendBatches(batches chan<- []int, count, length int) {
	for first := 0; first < count; first += length {
		batch := make([]int, length)
		for i := range batch {
			batch[i] = first + i
		}
		batches <- batch
	}
}

func receiveBatches(batches <-chan []int, first, count int) {
	for expected := first; expected < first+count; {
		for _, number := range <-batches {
			if number != expected {
				fail("a message was lost")
			}
			expected++
		}
	}
}

// Answers nanoseconds by number.
func batches(count, length int) float64 {
	capacity := 1024 / length
	if capacity < 1 {
		capacity = 1
	}
	batches := make(chan []int, capacity)
	count = (count + length - 1) / length * length
	warmUp := (count/10 + length - 1) / length * length
	go sendBatches(batches, warmUp+count, length)
	receiveBatches(batches, 0, warmUp)
	start := time.Now()
	receiveBatches(batches, warmUp, count)
	return float64(time.Since(start).Nanoseconds()) / float64(count)
}

func sendPayloads(payloads chan<- []byte, count, length int) {
	source := make([]byte, length)
	for i := 0; i < count; i++ {
		source[0], source[length-1] = byte(i), byte(i)
		payload := make([]byte, length)
		copy(payload, source)
		payloads <- payload
	}
}

func receivePayloads(payloads <-chan []byte, first, count int) {
	for i := first; i < first+count; i++ {
		payload := <-payloads
		if payload[0] != byte(i) || payload[len(payload)-1] != byte(i) {
			fail("a message was lost")
		}
	}
}

// Answers nanoseconds by payload.
func sizes(count, length int) float64 {
	payloads := make(chan []byte, 64)
	warmUp := count / 10
	go sendPayloads(payloads, warmUp+count, length)
	receivePayloads(payloads, 0, warmUp)
	start := time.Now()
	receivePayloads(payloads, warmUp, count)
	return float64(time.Since(start).Nanoseconds()) / float64(count)
}

func main() {
	measures := map[string]func(count, length int) float64{"batches": batches, "sizes": sizes}
	if len(os.Args) == 4 && measures[os.Args[1]] != nil {
		count, _ := strconv.Atoi(os.Args[2])
		length, _ := strconv.Atoi(os.Args[3])
		if count > 0 && length > 0 {
			fmt.Printf("{\"nsPerMessage\":%.4f}\n", measures[os.Args[1]](count, length))
			return
		}
	}
	fail("usage: slices batches COUNT BATCH | sizes COUNT BYTES")
}
