//! `vouchsafe import`: FHIR bundles and NDJSON, into an installation or a running service.
//!
//! ```text
//! reader (a thread): hash, unpack, cut into chunks --> channel --> up to 4 chunks being written
//! ```
//!
//! Every chunk is one write, all or nothing, with an idempotency key derived from the file's digest, so an interrupted
//! chunk is safe to repeat. Loaded files are listed in a journal.

mod chunk;
mod files;
mod gunzip;
mod ids;
mod journal;
mod local;
mod notes;
mod reader;
mod remote;
mod target;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::installation::DataFolder;
use crate::signals::{Kind, stop_on};
use crate::{Ended, block_on, output, token_file};
use files::{Found, Source, Stage};
use journal::Journal;
use notes::Notes;
use reader::{Read, Stand};
use target::Target;

pub(crate) use local::Local;

const EXAMPLES: &str = "\
Examples:
  vouchsafe import records/                       all .json and .ndjson below, also .gz and .bz2
  vouchsafe import Patient.ndjson.gz Observation.ndjson.gz
  vouchsafe import records/ --url https://records.example.org:8443 --token-file t --ca ca.pem

A bundle (transaction, or batch) is loaded as it is. A resource alone, or a line of NDJSON, keeps
its id if that is a UUID. Any other id is replaced by one that is the same in every import, also in
references (with --url: by a new one, which references do not find). Bundles named hospital... and
practitioner... come first, then Patient.ndjson, then all others, by name.

After an interruption run the command again: it skips loaded files, and continues an interrupted
file without loading anything twice.";

/// Load FHIR bundles and NDJSON
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files and folders to load
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    data: DataFolder,
    /// Load into the service at this URL instead of the data folder
    #[arg(long, value_name = "URL", requires = "token_file")]
    url: Option<String>,
    /// File with an access token for the service; read again when the token has expired
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    /// Certificate (PEM) to verify the service with [default: that of the data folder]
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
    /// Print the summary as one JSON object
    #[arg(long)]
    json: bool,
}

/// Chunks written at the same time.
const IN_FLIGHT: usize = 4;
/// Unpacked chunks that wait.
const AHEAD: usize = 2;

pub(crate) fn run(args: Args) -> anyhow::Result<Ended> {
    // Unreadable paths are found before anything is opened.
    let found = files::find(&args.paths)?;
    block_on(import(args, found))
}

async fn import(args: Args, found: Found) -> anyhow::Result<Ended> {
    let stop = stop_on([Kind::interrupt(), Kind::terminate()], || {
        output::complain(
            "stopping: what is being written is finished; a second signal ends at once",
        );
    })?;
    let (target, journal) = match (&args.url, &args.token_file) {
        (Some(url), Some(token)) => {
            token_file::read(token)?;
            let settings = args.data.settings()?;
            let own = args.data.certificate(&settings);
            let ca = args.ca.clone().or_else(|| own.is_file().then_some(own));
            let remote = remote::Remote::new(url, token.clone(), ca.as_deref())?;
            (Target::Remote(remote), Journal::none())
        }
        _ => {
            let local = Local::open(&args.data).await?;
            let journal = match Journal::open(&local).await {
                Ok(journal) => journal,
                Err(error) => {
                    local.close().await;
                    return Err(error);
                }
            };
            (Target::Local(Box::new(local)), journal)
        }
    };
    let run = Run {
        notes: Arc::new(Notes::new(&found)),
        target: Arc::new(target),
        journal: Arc::new(journal),
        stop,
    };
    let started = Instant::now();
    let ended = run.all(found.sources).await;
    run.notes.close();
    if let Some(target) = Arc::into_inner(run.target) {
        target.close().await;
    }
    let interrupted = run.stop.is_cancelled() || ended.is_err();
    let summary = run.notes.summary(started.elapsed(), interrupted);
    // The summary is shown even after an error: loaded records stay loaded.
    let shown = summary.show(args.json);
    ended.and(shown)
}

struct Run {
    notes: Arc<Notes>,
    target: Arc<Target>,
    journal: Arc<Journal>,
    stop: CancellationToken,
}

impl Run {
    /// Runs one stage after another, so that later files can refer to earlier ones.
    async fn all(&self, mut sources: Vec<Source>) -> anyhow::Result<()> {
        for stage in Stage::ALL {
            let of_stage = sources
                .extract_if(.., |source| source.stage == stage)
                .collect();
            self.stage(of_stage).await?;
        }
        Ok(())
    }

    async fn stage(&self, sources: Vec<Source>) -> anyhow::Result<()> {
        if sources.is_empty() {
            return Ok(());
        }
        let (send, mut chunks) = mpsc::channel::<Read>(AHEAD);
        let (stop, journal, notes) = (
            self.stop.clone(),
            Arc::clone(&self.journal),
            Arc::clone(&self.notes),
        );
        let reader = tokio::task::spawn_blocking(move || {
            reader::read_all(sources, &journal, &notes, &stop, &send)
        });
        let places = Arc::new(Semaphore::new(IN_FLIGHT));
        let mut writes = JoinSet::new();
        let mut ended = Ok(());
        while let Some(read) = chunks.recv().await {
            // A permanent failure ends the import; concurrent writes are finished first.
            while let Some(written) = writes.try_join_next() {
                ended = ended.and(written?);
            }
            if ended.is_err() {
                self.stop.cancel();
                continue;
            }
            let place = Arc::clone(&places).acquire_owned().await?;
            let (target, journal, notes) = (
                Arc::clone(&self.target),
                Arc::clone(&self.journal),
                Arc::clone(&self.notes),
            );
            writes.spawn(async move {
                let written = write(read, &target, &journal, &notes).await;
                drop(place);
                written
            });
        }
        reader.await??;
        while let Some(written) = writes.join_next().await {
            ended = ended.and(written?);
        }
        ended
    }
}

/// Writes a chunk, and the file into the journal after its last chunk.
async fn write(
    read: Read,
    target: &Target,
    journal: &Arc<Journal>,
    notes: &Notes,
) -> anyhow::Result<()> {
    let Read { chunk, file, bytes } = read;
    let loaded = target.load(&chunk, notes).await?;
    notes.add(&loaded, bytes);
    match file.written(&loaded) {
        Stand::Open => {}
        Stand::Done(done) => {
            let (journal, tag) = (Arc::clone(journal), file.tag.clone());
            tokio::task::spawn_blocking(move || journal.finish(tag.as_ref(), &done)).await??;
            notes.file_done();
        }
        Stand::Failed => {
            notes.forget(&file.content);
            notes.file_failed();
        }
    }
    Ok(())
}
