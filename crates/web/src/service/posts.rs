//! Posts that programs hand in.

use otklik_domain::{Actor, Post, PostId, RegionId};

use crate::{
    App,
    error::{Error, Result},
    intake::Taken,
    rights::Right,
};

/// Most posts handed in at once.
pub const BATCH_MAX: usize = 1_000;

/// Takes posts in; a line for each, in order. Those that were refused while they were read stay refused.
///
/// # Errors
/// [`Error::Invalid`] with too many posts or a region that is not configured; [`Error::Forbidden`]; those of the log.
pub async fn hand_in(app: &App, actor: &Actor, posts: Vec<std::result::Result<Post, String>>) -> Result<Vec<Taken>> {
    Right::HandIn.check(actor)?;
    if posts.len() > BATCH_MAX {
        return Err(Error::invalid("posts", format!("must not be more than {BATCH_MAX}")));
    }
    let directory = app.directory();
    let known = |post: Post| match &post.region {
        Some(region) if directory.region(region).is_none() => {
            Err(format!("region: {:?} is not configured", region.as_str().chars().take(40).collect::<String>()))
        }
        _ => Ok(post),
    };
    let posts: Vec<_> = posts.into_iter().map(|post| post.and_then(known)).collect();
    let good: Vec<Post> = posts.iter().filter_map(|post| post.as_ref().ok()).cloned().collect();
    let given = good.len();
    let taken = if good.is_empty() { Vec::new() } else { app.ports.intake.take(good, app.ports.clock.now()).await? };
    if taken.len() != given {
        return Err(Error::Internal("the intake did not answer for every post"));
    }
    let mut taken = taken.into_iter();
    let line = |post: std::result::Result<Post, String>| match post {
        Ok(_) => taken.next().unwrap_or(Taken::Repeated),
        Err(reason) => Taken::Refused { reason },
    };
    Ok(posts.into_iter().map(line).collect())
}

/// Takes in that a post is gone at its source. `region` is needed only for a post that is not in the store yet.
///
/// # Errors
/// [`Error::Invalid`] when the region of the post is not known; [`Error::Forbidden`]; those of the store and the log.
pub async fn remove(app: &App, actor: &Actor, id: &PostId, region: Option<RegionId>) -> Result<()> {
    Right::HandIn.check(actor)?;
    let stored = app.ports.posts.get(std::slice::from_ref(id)).await?;
    let directory = app.directory();
    let mut own = directory.regions.iter().map(|region| region.id.clone());
    let only = own.next().filter(|_| own.next().is_none());
    let known = stored.into_iter().find_map(|row| row.post.region).or(region).or(only);
    let region = known
        .ok_or_else(|| Error::invalid("region", "must be given: there are several, and the post is in none yet"))?;
    if directory.region(&region).is_none() {
        return Err(Error::invalid("region", "is not configured"));
    }
    Ok(app.ports.intake.remove(id, &region).await?)
}
