//! The locations of the three databases.

use vouchsafe_database::{Database, Location, Server};

use crate::folder::Folder;
use crate::opening::OpenError;
use crate::settings::DatabaseSettings;

/// The databases of keys, people and records.
pub(crate) struct Places {
    pub(crate) keys: Location,
    pub(crate) identity: Location,
    pub(crate) records: Location,
}

/// Three files, or three databases; never a mixture.
pub(crate) fn places(folder: &Folder, settings: &DatabaseSettings) -> Result<Places, OpenError> {
    let DatabaseSettings {
        records,
        identity,
        keys,
        ca,
        connections,
    } = settings;
    let file = |place: &str, name: &str| Location::Sqlite {
        path: folder.at(place).join(name),
    };
    match (records, identity, keys, ca) {
        (None, None, None, None) if connections.is_none() => Ok(Places {
            keys: file("keys", "keys.db"),
            identity: file("data", "identity.db"),
            records: file("data", "records.db"),
        }),
        (Some(records), Some(identity), Some(keys), Some(ca)) => {
            let connections = connections.unwrap_or_default();
            let server = |url: &String, connections: u32| {
                Location::Postgres(Server {
                    url: url.clone(),
                    ca: ca.clone(),
                    connections,
                })
            };
            Ok(Places {
                keys: server(keys, connections.keys),
                identity: server(identity, connections.identity),
                records: server(records, connections.records),
            })
        }
        _ => Err(OpenError::HalfPostgres),
    }
}

/// Connects to the servers of the settings; the error names the unreachable one and the reason.
pub(crate) async fn reach(places: &Places) -> Result<(), OpenError> {
    let one = async |setting: &'static str, location: &Location| {
        Database::reach(location)
            .await
            .map_err(|error| OpenError::Database {
                setting,
                place: match location {
                    Location::Postgres(server) => server.place().to_owned(),
                    Location::Sqlite { .. } => String::new(),
                },
                error,
            })
    };
    tokio::try_join!(
        one("database.records", &places.records),
        one("database.identity", &places.identity),
        one("database.keys", &places.keys),
    )
    .map(drop)
}

/// Looks through the files that are there for damage, all at once; servers look after themselves. Nobody else may have them
/// open.
pub(crate) async fn inspect(places: &Places) -> Result<(), OpenError> {
    let one = async |location: &Location| {
        let Location::Sqlite { path } = location else {
            return Ok(());
        };
        Database::inspect(location)
            .await
            .map_err(|error| OpenError::File {
                path: path.clone(),
                error,
            })
    };
    tokio::try_join!(
        one(&places.records),
        one(&places.identity),
        one(&places.keys),
    )
    .map(drop)
}
