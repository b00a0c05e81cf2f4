//! One loop's sends: a batch that a slow request holds up goes on aside, and the next one is claimed meanwhile.

use crate::ports::StoreError;
use crate::service::dispatch::Dispatch;
use futures_util::StreamExt;
use futures_util::future::{BoxFuture, Either, select};
use futures_util::stream::FuturesUnordered;
use std::future::Future;
use std::pin::pin;

pub struct Sending<'a> {
    dispatch: &'a Dispatch,
    /// Batches that were set aside, each until the fate of its last message is known.
    aside: FuturesUnordered<BoxFuture<'a, Result<(), StoreError>>>,
    /// One of them ended since the last claim: its chats may have more to say.
    landed: bool,
    failed: Option<StoreError>,
}

impl<'a> Sending<'a> {
    pub fn of(dispatch: &'a Dispatch) -> Self {
        Self { dispatch, aside: FuturesUnordered::new(), landed: false, failed: None }
    }

    /// Claims up to `most` messages and sends them; what is not known once `patience` is over goes on in later calls.
    /// Returns how many were claimed, or what went wrong since the last call.
    pub async fn round<P: Future<Output = ()>>(
        &mut self,
        most: u32,
        patience: impl FnOnce() -> P,
    ) -> Result<u32, StoreError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.landed = false;
        let dispatch = self.dispatch;
        let batch = self.beside(dispatch.claim(most)).await?;
        let claimed = batch.len();
        if claimed == 0 {
            return Ok(0);
        }
        let sent: BoxFuture<'a, _> = Box::pin(dispatch.send(batch));
        match self.beside(select(sent, pin!(patience()))).await {
            Either::Left((recorded, _)) => recorded?,
            Either::Right(((), sent)) => self.aside.push(sent),
        }
        Ok(claimed)
    }

    /// Until `pause` is over or a batch that was set aside has ended.
    pub async fn wait(&mut self, pause: impl Future<Output = ()>) {
        let mut pause = pin!(pause);
        while !self.landed {
            if self.aside.is_empty() {
                return pause.await;
            }
            match select(pause.as_mut(), self.aside.next()).await {
                Either::Left(((), _)) => return,
                Either::Right((ended, _)) => self.ended(ended),
            }
        }
        self.landed = false;
    }

    /// Until the fate of everything that was claimed is known.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        while let Some(ended) = self.aside.next().await {
            self.ended(Some(ended));
        }
        self.failed.map_or(Ok(()), Err)
    }

    /// What was set aside goes on while something else is waited for.
    async fn beside<F: Future>(&mut self, work: F) -> F::Output {
        let mut work = pin!(work);
        while !self.aside.is_empty() {
            match select(work.as_mut(), self.aside.next()).await {
                Either::Left((done, _)) => return done,
                Either::Right((ended, _)) => self.ended(ended),
            }
        }
        work.await
    }

    fn ended(&mut self, ended: Option<Result<(), StoreError>>) {
        self.landed = true;
        if let Some(Err(error)) = ended {
            self.failed = Some(error);
        }
    }
}
