//! Serves a site until it is told to stop, and lets no client hold it up.

use crate::Site;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// How many clients are served at once; more wait for their turn.
const CLIENTS: usize = 512;

/// How long a client may take over the head of a request.
const HEAD: Duration = Duration::from_secs(10);

/// How long a connection lives, busy or not.
const CONNECTION: Duration = Duration::from_mins(5);

/// How long answers that are under way may take once it is told to stop.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves `site` to all who come to `listener` until `stop` is ready.
///
/// # Errors
/// When the listener itself fails.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let router = site.router();
    let places = Arc::new(Semaphore::new(CLIENTS));
    let (stopping, stopped) = watch::channel(false);
    tokio::pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // A client that went away, or no file handles left: others may have better luck.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let (router, stopped) = (router.clone(), stopped.clone());
        tokio::spawn(async move {
            let _place = place;
            talk(stream, router, stopped).await;
        });
    }
    let _ = stopping.send(true);
    let everybody = places.acquire_many(u32::try_from(CLIENTS).unwrap_or(u32::MAX));
    let _ = tokio::time::timeout(FAREWELL, everybody).await;
    Ok(())
}

async fn talk(stream: TcpStream, router: axum::Router, mut stopped: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(64)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    // What a client does wrong is its own affair: nothing to tell, nothing to log.
    let _ = tokio::time::timeout(CONNECTION, async {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    })
    .await;
}
