// The Go peer that selects: channels of int with one goroutine at them, as in ours/select.mjs.
//
//	select CHANNELS all COUNT   every channel has messages
//	select CHANNELS one COUNT   one of them has one at a time, another each time
//
// CHANNELS is 2, 8 or 64, as a select statement has as many cases as are written down. Prints its figures as one line of
// JSON; nsReceive is a plain receive from one channel.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

const capacity = 256

func fail(what string) {
	fmt.Fprintln(os.Stderr, "go select peer:", what)
	os.Exit(1)
}

func select2(c []chan int) {
	select {
	case <-c[0]:
	case <-c[1]:
	}
}

func select8(c []chan int) {
	select {
	case <-c[0]:
	case <-c[1]:
	case <-c[2]:
	case <-c[3]:
	case <-c[4]:
	case <-c[5]:
	case <-c[6]:
	case <-c[7]:
	}
}

func select64(c []chan int) {
	select {
	case <-c[0]:
	case <-c[1]:
	case <-c[2]:
	case <-c[3]:
	case <-c[4]:
	case <-c[5]:
	case <-c[6]:
	case <-c[7]:
	case <-c[8]:
	case <-c[9]:
	case <-c[10]:
	case <-c[11]:
	case <-c[12]:
	case <-c[13]:
	case <-c[14]:
	case <-c[15]:
	case <-c[16]:
	case <-c[17]:
	case <-c[18]:
	case <-c[19]:
	case <-c[20]:
	case <-c[21]:
	case <-c[22]:
	case <-c[23]:
	case <-c[24]:
	case <-c[25]:
	case <-c[26]:
	case <-c[27]:
	case <-c[28]:
	case <-c[29]:
	case <-c[30]:
	case <-c[31]:
	case <-c[32]:
	case <-c[33]:
	case <-c[34]:
	case <-c[35]:
	case <-c[36]:
	case <-c[37]:
	case <-c[38]:
	case <-c[39]:
	case <-c[40]:
	case <-c[41]:
	case <-c[42]:
	case <-c[43]:
	case <-c[44]:
	case <-c[45]:
	case <-c[46]:
	case <-c[47]:
	case <-c[48]:
	case <-c[49]:
	case <-c[50]:
	case <-c[51]:
	case <-c[52]:
	case <-c[53]:
	case <-c[54]:
	case <-c[55]:
	case <-c[56]:
	case <-c[57]:
	case <-c[58]:
	case <-c[59]:
	case <-c[60]:
	case <-c[61]:
	case <-c[62]:
	case <-c[63]:
	}
}

// Receives one message, where there is one.
type receiving func(c []chan int)

func plain(c []chan int) { <-c[0] }

// Fills all channels, and empties them to a half: the time of a receive.
func allReady(channels []chan int, receive receiving, count int) float64 {
	var spent time.Duration
	stretch := len(channels) * capacity / 2
	done := 0
	for ; done < count; done += stretch {
		for _, channel := range channels {
			for len(channel) < capacity {
				channel <- done
			}
		}
		start := time.Now()
		for i := 0; i < stretch; i++ {
			receive(channels)
		}
		spent += time.Since(start)
	}
	return float64(spent.Nanoseconds()) / float64(done)
}

// Sends a message to one channel after the other, and receives it: the time of both.
func oneReady(channels []chan int, receive receiving, count int) float64 {
	start := time.Now()
	for i := 0; i < count; i++ {
		channels[i%len(channels)] <- i
		receive(channels)
	}
	return float64(time.Since(start).Nanoseconds()) / float64(count)
}

func made(count int) []chan int {
	channels := make([]chan int, count)
	for i := range channels {
		channels[i] = make(chan int, capacity)
	}
	return channels
}

func main() {
	usage := "usage: select 2|8|64 all|one COUNT"
	if len(os.Args) != 4 {
		fail(usage)
	}
	receive, known := map[string]receiving{"2": select2, "8": select8, "64": select64}[os.Args[1]]
	measure, ways := map[string]func([]chan int, receiving, int) float64{"all": allReady, "one": oneReady}[os.Args[2]]
	count, err := strconv.Atoi(os.Args[3])
	if !known || !ways || err != nil || count < 1 {
		fail(usage)
	}
	length, _ := strconv.Atoi(os.Args[1])
	measure(made(length), receive, count/10+1)
	ns := measure(made(length), receive, count)
	measure(made(1), plain, count/10+1)
	fmt.Printf("{\"nsPerMessage\":%.4f,\"nsReceive\":%.4f}\n", ns, measure(made(1), plain, count))
}
