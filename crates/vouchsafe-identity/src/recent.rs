//! A short-lived cache, so short that a change on another replica is seen in time.

use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::future::Cache;

/// INVARIANT (removal-within-a-second): no older value is returned, counted from before the row was read.
const LIFE: Duration = Duration::from_millis(500);
const MAX_ENTRIES: u64 = 100_000;

#[derive(Clone)]
struct Mark<V> {
    since: Instant,
    value: V,
}

/// Values by key, each loaded once for all concurrent callers, none older than half a second.
pub(crate) struct Recent<K, V> {
    marks: Cache<K, Mark<V>>,
}

impl<K, V> Recent<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Self {
            marks: Cache::builder()
                .max_capacity(MAX_ENTRIES)
                .time_to_live(LIFE)
                .build(),
        }
    }

    /// The value, read now or a moment ago. Errors are not cached.
    pub(crate) async fn get<E, F>(&self, key: &K, load: impl Fn() -> F) -> Result<V, E>
    where
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<V, E>>,
    {
        let marked = async {
            let since = Instant::now();
            Ok(Mark {
                since,
                value: load().await?,
            })
        };
        let mark = self.marks.try_get_with_by_ref(key, marked).await;
        let mark = mark.map_err(|error: Arc<E>| E::clone(&error))?;
        if mark.since.elapsed() < LIFE {
            return Ok(mark.value);
        }
        // The load took so long that the value is no longer fresh: load again.
        self.marks.invalidate(key).await;
        load().await
    }

    /// Forgets one key, as after a change by this process.
    pub(crate) async fn forget(&self, key: &K) {
        self.marks.invalidate(key).await;
    }

    /// Forgets all keys.
    pub(crate) fn forget_all(&self) {
        self.marks.invalidate_all();
    }
}
