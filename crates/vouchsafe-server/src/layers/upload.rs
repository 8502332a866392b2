//! Reads the rest of a request's body after its answer is ready.
//!
//! If a request is refused before its body was read, the client would find the connection (HTTP/1.1) or the stream
//! (HTTP/2) reset while it sends, and might never see the answer. So the rest is read and discarded, within limits.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Body as _, Frame, SizeHint};

use super::turn::Busy;
use crate::shared::Shared;

/// Time limit for reading the rest.
const LINGER: Duration = Duration::from_secs(5);

/// Reads the rest when the answer is ready. This layer is outside the places: the work is done, so a client that is
/// still sending holds no place. After a request whose body was not waited for the rest is not read: there are too many
/// such requests.
pub(super) async fn layer(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let (request, rest) = keep(request);
    let response = next.run(request).await;
    let busy = response.extensions().get::<Busy>().is_some();
    if let Some(rest) = rest.filter(|_| !busy) {
        rest.read_on(shared.installation.settings().body_limit_bytes)
            .await;
    }
    response
}

/// The body of a request, shared with the handler.
#[derive(Clone)]
struct Upload(Arc<Mutex<Sent>>);

struct Sent {
    body: Body,
    /// The body has ended, and must not be polled again.
    over: bool,
}

/// Shares a request's body. `None` if there is nothing to read: no body, or one that the client sends only when asked
/// (`Expect: 100-continue`).
fn keep(request: Request) -> (Request, Option<Upload>) {
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return (request, None);
    }
    let (head, body) = request.into_parts();
    let upload = Upload(Arc::new(Mutex::new(Sent { body, over: false })));
    let request = Request::from_parts(head, Body::new(upload.clone()));
    (request, Some(upload))
}

impl Upload {
    /// Reads the part that the handler has left, up to this number of bytes.
    async fn read_on(self, limit: usize) {
        let reading = async {
            let mut upload = pin!(self);
            let mut read = 0;
            while read <= limit {
                match std::future::poll_fn(|context| upload.as_mut().poll_frame(context)).await {
                    Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
                    Some(Err(_)) | None => break,
                }
            }
        };
        // A slower client may miss the answer.
        let _ = tokio::time::timeout(LINGER, reading).await;
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl hyper::body::Body for Upload {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut sent = self.sent();
        if sent.over {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut sent.body).poll_frame(context);
        sent.over = matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        let sent = self.sent();
        sent.over || sent.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.sent().body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A body of this number of pieces, each of 100 bytes.
    struct Pieces(usize);

    impl hyper::body::Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let left = self.0.checked_sub(1);
            Poll::Ready(left.map(|left| {
                self.0 = left;
                Ok(Frame::data(Bytes::from_static(&[0; 100])))
            }))
        }
    }

    fn sent(pieces: usize) -> (Request, Upload) {
        let (request, upload) = keep(Request::new(Body::new(Pieces(pieces))));
        (request, upload.expect("a body"))
    }

    #[tokio::test]
    async fn what_the_handler_left_is_read_to_its_end() {
        let (request, upload) = sent(7);
        drop(request);
        upload.clone().read_on(700).await;
        let rest = axum::body::to_bytes(Body::new(upload), 1000).await;
        assert_eq!(rest.expect("whole").len(), 0);
    }

    #[tokio::test]
    async fn it_is_not_read_without_end() {
        let (request, upload) = sent(7);
        drop(request);
        upload.clone().read_on(300).await;
        let rest = axum::body::to_bytes(Body::new(upload), 1000).await;
        assert_eq!(rest.expect("whole").len(), 300);
    }

    #[tokio::test]
    async fn the_handler_reads_all_of_it() {
        let (request, upload) = sent(7);
        let read = axum::body::to_bytes(request.into_body(), 1000).await;
        assert_eq!(read.expect("whole").len(), 700);
        upload.read_on(1000).await;
    }

    #[test]
    fn no_body_and_one_that_waits_are_let_go() {
        assert!(keep(Request::new(Body::empty())).1.is_none());
        let mut waits = Request::new(Body::new(Pieces(1)));
        let value = header::HeaderValue::from_static("100-continue");
        waits.headers_mut().insert(header::EXPECT, value);
        assert!(keep(waits).1.is_none());
    }
}
