//! Connections, each served until it ends or a fault cuts it.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use super::reply::Cut;

/// Before the next is taken, where one could not be.
const BREATH: Duration = Duration::from_millis(20);

/// Takes connections until it is dropped, and all of them with it.
pub(super) async fn accept(listener: TcpListener, router: Router) -> Infallible {
    loop {
        // A connection that was gone before it was taken is nobody's; a lack of file handles is over once
        // some connections end.
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, router.clone()))),
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    // Answers are written whole; without this the last piece of one may wait for 40 ms.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let answered = router.call(request);
        async move {
            let response: Response<Body> = answered.await.unwrap_or_else(|never: Infallible| match never {});
            match response.extensions().get::<Cut>() {
                // An error is what ends a connection without an answer.
                Some(Cut) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                None => Ok(response),
            }
        }
    });
    // How it ended is the client's to find out.
    let _ = http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), service).await;
}
