//! Realistic synthetic patients through the whole service: what is returned, who sees it, what leaks.
//!
//! Needs `../shared/data/synthea` beside the repository, and says so when it skips. The same runs on SQLite and, where
//! `VOUCHSAFE_TEST_PG_ADMIN` is set, on PostgreSQL.

#[cfg(test)]
mod bundles;
#[cfg(test)]
mod installation;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod sight;
#[cfg(test)]
mod told;
#[cfg(test)]
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "../it/world.rs"]
mod world;

#[cfg(test)]
mod tests {
    use super::installation::{Installation, Place};
    use super::{bundles, leaks, sight, told};

    #[tokio::test(flavor = "multi_thread")]
    async fn synthea_on_sqlite() {
        run(Place::Sqlite).await;
    }

    #[test]
    fn what_a_service_with_synthea_tells_on_sqlite() {
        told::run(&Place::Sqlite);
    }

    #[tokio::test]
    async fn what_a_service_with_synthea_tells_on_postgres() {
        match Place::postgres().await {
            Some(place) => told::run(&place),
            None => eprintln!("SKIPPED: VOUCHSAFE_TEST_PG_ADMIN is not set"),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn synthea_on_postgres() {
        match Place::postgres().await {
            Some(place) => run(place).await,
            None => eprintln!("SKIPPED: VOUCHSAFE_TEST_PG_ADMIN is not set"),
        }
    }

    async fn run(place: Place) {
        let Some(files) = bundles::files() else {
            eprintln!("SKIPPED: ../shared/data/synthea is not there");
            return;
        };
        let installation = Installation::start(place).await;
        let started = std::time::Instant::now();
        let loaded = bundles::load(&installation, &files).await;
        let seconds = started.elapsed().as_secs_f64();
        eprintln!(
            "loaded {} resources in {seconds:.1} s ({:.0}/s), debug or release as built",
            loaded.len(),
            loaded.len() as f64 / seconds
        );
        assert_eq!(loaded.len(), 7_223, "all resources of the 12 bundles");
        bundles::reread(&installation, &loaded).await;
        sight::each_role_sees_its_classes(&installation, &loaded).await;
        let needles = leaks::needles(loaded.iter().map(|record| &record.original));
        leaks::scan_live(installation.service.folder().path(), &needles);
        let folder = installation.stop().await;
        leaks::scan(&folder, &needles);
    }
}
