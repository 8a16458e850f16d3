//! The Rust peer with several senders and receivers on one channel of capacity 1024.
//!
//! - `mpmc COUNT SENDERS RECEIVERS` sends COUNT messages through `std::sync::mpmc`, crossbeam's array channel as the standard library
//!   carries it, and again through the stable `std::sync::mpsc`, whose one receiver is shared behind a mutex.
//!
//! `std::sync::mpmc` is unstable; `RUSTC_BOOTSTRAP=1` lets a stable compiler build it, which spares a download.
//! Prints its figures as one line of JSON. Every round is preceded by a shorter one that is not timed.
#![feature(mpmc_channel)]

use std::sync::{mpmc, mpsc, Arc, Mutex};
use std::thread;
use std::time::Instant;

struct Work {
    count: i64,
    senders: i64,
    receivers: i64,
}

/// Runs so many threads of each closure and answers the time a message took. A sender is dropped when its share is sent;
/// a receiver answers how many messages it took before the channel was closed and drained.
fn ns_per_message<S, R>(&Work { count, senders, receivers }: &Work, send: S, receive: R) -> f64
where
    S: Fn(i64) + Clone + Send + 'static,
    R: Fn() -> bool + Clone + Send + 'static,
{
    let start = Instant::now();
    for _ in 0..senders {
        let send = send.clone();
        thread::spawn(move || (0..count / senders).for_each(send));
    }
    drop(send);
    let receivers: Vec<_> = (0..receivers)
        .map(|_| {
            let receive = receive.clone();
            thread::spawn(move || std::iter::repeat_with(receive).take_while(|&more| more).count())
        })
        .collect();
    let received: usize = receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum();
    let elapsed = start.elapsed();
    assert_eq!(received as i64, count / senders * senders);
    elapsed.as_nanos() as f64 / received as f64
}

fn shared_by_all(work: &Work) -> f64 {
    let (sender, receiver) = mpmc::sync_channel::<i64>(1024);
    ns_per_message(work, move |i| sender.send(i).unwrap(), move || receiver.recv().is_ok())
}

fn behind_a_mutex(work: &Work) -> f64 {
    let (sender, receiver) = mpsc::sync_channel::<i64>(1024);
    let receiver = Arc::new(Mutex::new(receiver));
    ns_per_message(work, move |i| sender.send(i).unwrap(), move || receiver.lock().unwrap().recv().is_ok())
}

fn main() {
    let words: Vec<i64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let &[count, senders, receivers] = words.as_slice() else { usage() };
    if words.iter().any(|&number| number < 1) {
        usage();
    }
    let warm_up = Work { count: count / 10 + senders, senders, receivers };
    let timed = Work { count, ..warm_up };
    shared_by_all(&warm_up);
    let mpmc = shared_by_all(&timed);
    behind_a_mutex(&warm_up);
    let mutex = behind_a_mutex(&timed);
    println!("{{\"nsPerMessage\":{mpmc:.4},\"nsPerMessageMutex\":{mutex:.4}}}");
}

fn usage() -> ! {
    eprintln!("usage: mpmc COUNT SENDERS RECEIVERS");
    std::process::exit(1);
}
