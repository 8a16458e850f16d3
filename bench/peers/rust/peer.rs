//! The Rust peer: `std::sync::mpsc::sync_channel`, which is crossbeam's array channel inside, and, for two threads
//! that sleep, `thread::park` and `unpark` around one atomic word.
//!
//! - `peer small COUNT CAPACITY`: COUNT messages of 8 bytes, one way; CAPACITY may be 0
//! - `peer rtt-spin COUNT`: COUNT round trips over two channels, once by `try_recv` in a loop, so that both sides
//!   spin, and once by plain `recv`, which spins a little and then parks
//! - `peer rtt-park COUNT`: COUNT round trips between two threads that park at once
//!
//! Prints its figures as one line of JSON. Every round is preceded by a shorter one that is not timed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{sync_channel, Receiver, TryRecvError};
use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

fn per(elapsed: Duration, count: i64) -> f64 {
    elapsed.as_nanos() as f64 / count as f64
}

extern "C" {
    /// The C library's: microseconds of processor time that all threads have used.
    fn clock() -> std::ffi::c_long;
}

fn cpu_microseconds() -> i64 {
    unsafe { clock() as i64 }
}

/// Nanoseconds, and seconds of processor time by a million messages.
fn small(warm_up: i64, count: i64, capacity: usize) -> (f64, f64) {
    let (sender, receiver) = sync_channel::<i64>(capacity);
    let sending = thread::spawn(move || {
        for i in 0..warm_up + count {
            sender.send(i).unwrap();
        }
    });
    for i in 0..warm_up {
        assert_eq!(receiver.recv().unwrap(), i);
    }
    let (start, cpu) = (Instant::now(), cpu_microseconds());
    for i in warm_up..warm_up + count {
        assert_eq!(receiver.recv().unwrap(), i);
    }
    let (elapsed, cpu) = (start.elapsed(), cpu_microseconds() - cpu);
    sending.join().unwrap();
    (per(elapsed, count), cpu as f64 / count as f64)
}

/// `None` when the channel is closed and drained.
type Receive = fn(&Receiver<i64>) -> Option<i64>;

fn block(inbox: &Receiver<i64>) -> Option<i64> {
    inbox.recv().ok()
}

fn spin(inbox: &Receiver<i64>) -> Option<i64> {
    loop {
        match inbox.try_recv() {
            Ok(message) => return Some(message),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => std::hint::spin_loop(),
        }
    }
}

fn us_round_trip(warm_up: i64, count: i64, receive: Receive) -> f64 {
    let (there, inbox) = sync_channel::<i64>(16);
    let (outbox, back) = sync_channel::<i64>(16);
    let echo = thread::spawn(move || {
        while let Some(message) = receive(&inbox) {
            outbox.send(message).unwrap();
        }
    });
    let mut start = Instant::now();
    for i in 0..warm_up + count {
        if i == warm_up {
            start = Instant::now();
        }
        there.send(i).unwrap();
        assert_eq!(receive(&back), Some(i));
    }
    let elapsed = start.elapsed();
    drop(there);
    echo.join().unwrap();
    per(elapsed, count) / 1000.0
}

const EMPTY: i64 = -1;

fn hand_over(slot: &AtomicI64, message: i64, other: &Thread) {
    slot.store(message, Ordering::Release);
    other.unpark();
}

fn wait_for(slot: &AtomicI64) -> i64 {
    loop {
        thread::park();
        let message = slot.swap(EMPTY, Ordering::Acquire);
        if message != EMPTY {
            return message;
        }
    }
}

fn us_round_trip_parked(warm_up: i64, count: i64) -> f64 {
    let there = Arc::new(AtomicI64::new(EMPTY));
    let back = Arc::new(AtomicI64::new(EMPTY));
    let main = thread::current();
    let echo = {
        let (there, back) = (there.clone(), back.clone());
        thread::spawn(move || {
            for _ in 0..warm_up + count {
                hand_over(&back, wait_for(&there), &main);
            }
        })
    };
    let mut start = Instant::now();
    for i in 0..warm_up + count {
        if i == warm_up {
            start = Instant::now();
        }
        hand_over(&there, i, echo.thread());
        assert_eq!(wait_for(&back), i);
    }
    let elapsed = start.elapsed();
    echo.join().unwrap();
    per(elapsed, count) / 1000.0
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize| arguments.get(index).and_then(|word| word.parse::<i64>().ok()).unwrap_or(0);
    let count = number(2);
    let warm_up = count / 10;
    match arguments.get(1).map(String::as_str) {
        _ if count < 1 => {}
        Some("small") if number(3) >= 0 && arguments.len() > 3 => {
            let (ns, cpu) = small(warm_up, count, number(3) as usize);
            return println!("{{\"nsPerMessage\":{ns:.4},\"cpuSecondsPerMillion\":{cpu:.5}}}");
        }
        Some("rtt-spin") => {
            let spinning = us_round_trip(warm_up, count, spin);
            let blocking = us_round_trip(warm_up, count / 10 + 1, block);
            return println!("{{\"usRoundTrip\":{spinning:.5},\"usRoundTripBlocking\":{blocking:.5}}}");
        }
        Some("rtt-park") => return println!("{{\"usRoundTrip\":{:.5}}}", us_round_trip_parked(warm_up, count)),
        _ => {}
    }
    eprintln!("usage: peer small COUNT CAPACITY | rtt-spin COUNT | rtt-park COUNT");
    std::process::exit(1);
}
