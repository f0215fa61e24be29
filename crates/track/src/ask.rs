//! Many questions at the same time, each answer in the place of its question.

use futures_util::stream::{self, StreamExt};
use std::future::Future;

/// How many credentials are asked about at the same time. Far more than any one issuer is asked at
/// once, so that those who are slow or ask to wait hold up nobody else.
const AT_ONCE: usize = 64;

/// What `ask` makes of each of `all`, in their order, with a bounded number under way.
pub async fn ask_all<T, A, F>(all: Vec<T>, ask: impl Fn(T) -> F) -> Vec<A>
where
    F: Future<Output = A>,
{
    let asked = all.into_iter().enumerate().map(|(place, one)| {
        let answer = ask(one);
        async move { (place, answer.await) }
    });
    let mut answers: Vec<(usize, A)> =
        stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_slow_one_holds_up_nobody_and_the_order_stays() {
        let (under_way, most) = (Cell::new(0), Cell::new(0));
        let begun = tokio::time::Instant::now();
        let answers = ask_all((0..1000).collect(), async |number: u64| {
            under_way.set(under_way.get() + 1);
            most.set(most.get().max(under_way.get()));
            let seconds = if number == 0 { 20 } else { 1 };
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            under_way.set(under_way.get() - 1);
            number
        });
        assert_eq!(answers.await, (0..1000).collect::<Vec<u64>>());
        assert_eq!(most.get(), AT_ONCE);
        assert!(begun.elapsed() <= Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}
