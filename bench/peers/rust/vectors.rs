//! The Rust peer with vectors: each message is a `Vec` that the sender makes and the receiver owns from then on.
//!
//! - `vectors batches COUNT BATCH`: COUNT numbers in vectors of BATCH, at most 1024 of them (or one vector) on their way
//! - `vectors sizes COUNT BYTES`: COUNT vectors of BYTES bytes, copied from a source, capacity 64
//!
//! Prints its figures as one line of JSON. Every round is preceded by a shorter one that is not timed.

use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::thread;
use std::time::Instant;

fn send_batches(batches: SyncSender<Vec<usize>>, count: usize, length: usize) {
    for first in (0..count).step_by(length) {
        batches.send((first..first + length).collect()).unwrap();
    }
}

fn receive_batches(batches: &Receiver<Vec<usize>>, first: usize, count: usize) {
    let mut expected = first;
    while expected < first + count {
        for number in batches.recv().unwrap() {
            assert_eq!(number, expected);
            expected += 1;
        }
    }
}

/// Answers nanoseconds by number.
fn batches(count: usize, length: usize) -> f64 {
    let (sender, receiver) = sync_channel(1024usize.div_ceil(length));
    let count = count.next_multiple_of(length);
    let warm_up = (count / 10).next_multiple_of(length);
    let sending = thread::spawn(move || send_batches(sender, warm_up + count, length));
    receive_batches(&receiver, 0, warm_up);
    let start = Instant::now();
    receive_batches(&receiver, warm_up, count);
    let elapsed = start.elapsed();
    sending.join().unwrap();
    elapsed.as_nanos() as f64 / count as f64
}

fn send_payloads(payloads: SyncSender<Vec<u8>>, count: usize, length: usize) {
    let mut source = vec![0u8; length];
    for i in 0..count {
        source[0] = i as u8;
        source[length - 1] = i as u8;
        payloads.send(source.clone()).unwrap();
    }
}

fn receive_payloads(payloads: &Receiver<Vec<u8>>, first: usize, count: usize) {
    for i in first..first + count {
        let payload = payloads.recv().unwrap();
        assert_eq!((payload[0], payload[payload.len() - 1]), (i as u8, i as u8));
    }
}

/// Answers nanoseconds by payload.
fn sizes(count: usize, length: usize) -> f64 {
    let (sender, receiver) = sync_channel(64);
    let warm_up = count / 10;
    let sending = thread::spawn(move || send_payloads(sender, warm_up + count, length));
    receive_payloads(&receiver, 0, warm_up);
    let start = Instant::now();
    receive_payloads(&receiver, warm_up, count);
    let elapsed = start.elapsed();
    sending.join().unwrap();
    elapsed.as_nanos() as f64 / count as f64
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize| arguments.get(index).and_then(|word| word.parse::<usize>().ok()).unwrap_or(0);
    let (count, length) = (number(2), number(3));
    let ns = match arguments.get(1).map(String::as_str) {
        Some("batches") if count > 0 && length > 0 => batches(count, length),
        Some("sizes") if count > 0 && length > 0 => sizes(count, length),
        _ => {
            eprintln!("usage: vectors batches COUNT BATCH | sizes COUNT BYTES");
            std::process::exit(1);
        }
    };
    println!("{{\"nsPerMessage\":{ns:.4}}}");
}
