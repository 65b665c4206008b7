//! `node` and `nodes`: any entity by its global id.

use async_graphql::{Context, ID, Interface, Object};
use tandem_domain::ids::{
    CaseId, CenterId, DeliveryId, DocumentId, ExpertId, Id, JobId, MatchId, MenteeId, ModuleId, OfficeId,
    ProposalId, RunId, TrainingSessionId, UserId,
};

use tandem_operations::readings::{self, Reading};

use super::{
    app, caller,
    cases::Case,
    centers::ServiceCenter,
    deliveries::EmailDelivery,
    documents::Document,
    error::bad_input,
    experts::Expert,
    ids,
    jobs::Job,
    matches::Match,
    mentees::Mentee,
    offices::RegionalOffice,
    runs::{MatchingRun, Proposal},
    training::{TrainingModule, TrainingSession},
    users::User,
};

/// Anything that has a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub enum Node {
    /// A regional office.
    RegionalOffice(RegionalOffice),
    /// Somebody who can sign in.
    User(User),
    /// A young person.
    Mentee(Mentee),
    /// A young person's wish for one expert.
    Case(Case),
    /// One expert for one case.
    Match(Match),
    /// An e-mail.
    EmailDelivery(EmailDelivery),
    /// A service centre.
    ServiceCenter(ServiceCenter),
    /// A Senior Expert.
    Expert(Expert),
    /// Something that an expert must or may learn.
    TrainingModule(TrainingModule),
    /// A dated course.
    TrainingSession(TrainingSession),
    /// A document to print.
    Document(Document),
    /// One bulk matching job.
    MatchingRun(MatchingRun),
    /// One pair of a plan.
    Proposal(Proposal),
    /// Something that the worker does.
    Job(Job),
}

/// Loads a node by its kind. A new aggregate adds its line here and its variant above.
async fn load(ctx: &Context<'_>, id: &ID) -> async_graphql::Result<Option<Node>> {
    let Some((kind, uuid)) = ids::decode(id) else {
        return Err(bad_input(format!(
            "{:?} is no id; use one that the API gave",
            id.as_str()
        )));
    };
    Ok(match kind.as_str() {
        OfficeId::KIND => RegionalOffice::load(ctx, uuid.into())
            .await?
            .map(Node::RegionalOffice),
        CenterId::KIND => ServiceCenter::load(ctx, uuid.into())
            .await?
            .map(Node::ServiceCenter),
        ExpertId::KIND => Expert::load(ctx, uuid.into()).await?.map(Node::Expert),
        ModuleId::KIND => TrainingModule::load(ctx, uuid.into())
            .await?
            .map(Node::TrainingModule),
        TrainingSessionId::KIND => TrainingSession::load(ctx, uuid.into())
            .await?
            .map(Node::TrainingSession),
        DocumentId::KIND => Document::load(ctx, uuid.into()).await?.map(Node::Document),
        UserId::KIND => User::load(ctx, uuid.into()).await?.map(Node::User),
        MenteeId::KIND => Mentee::load(ctx, uuid.into()).await?.map(Node::Mentee),
        RunId::KIND => MatchingRun::load(ctx, uuid.into()).await?.map(Node::MatchingRun),
        ProposalId::KIND => Proposal::load(ctx, uuid.into()).await?.map(Node::Proposal),
        CaseId::KIND => Case::load(ctx, uuid.into()).await?.map(Node::Case),
        MatchId::KIND => Match::load(ctx, uuid.into()).await?.map(Node::Match),
        DeliveryId::KIND => EmailDelivery::load(ctx, uuid.into())
            .await?
            .map(Node::EmailDelivery),
        JobId::KIND => Job::load(ctx, uuid.into()).await?.map(Node::Job),
        _ => None,
    })
}

/// What is to be written down of who was handed a node; of experts' and mentees' own fields their loaders do.
fn reading(node: &Node) -> Option<Reading> {
    Some(match node {
        Node::Case(case) => Reading::Case(case.0.id, case.0.mentee),
        Node::Expert(expert) => Reading::Expert(expert.0.id),
        Node::Match(matching) => Reading::Match(matching.0.id, matching.0.expert, matching.0.mentee),
        Node::EmailDelivery(mail) => Reading::Delivery(mail.0.id, mail.0.recipient_kind, mail.0.recipient_id),
        _ => return None,
    })
}

async fn trace(ctx: &Context<'_>, nodes: &[Option<Node>]) -> async_graphql::Result<()> {
    let read: Vec<Reading> = nodes.iter().flatten().filter_map(reading).collect();
    if !read.is_empty() {
        readings::trace(app(ctx), caller(ctx)?, &read).await?;
    }
    Ok(())
}

/// Queries for any entity.
#[derive(Default)]
pub struct NodeQuery;

/// At most so many nodes in one call.
const MOST: usize = 200;

#[Object]
impl NodeQuery {
    /// The entity with this global id; null where there is none or you may not see it.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> async_graphql::Result<Option<Node>> {
        let node = [load(ctx, &id).await?];
        trace(ctx, &node).await?;
        let [node] = node;
        Ok(node)
    }

    /// The entities with these global ids, in the same order; null for each that is not there or that
    /// you may not see. At most 200.
    #[graphql(complexity = "1 + ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<Node>>> {
        if ids.len() > MOST {
            return Err(bad_input(format!(
                "ids has {} entries, at most {MOST} are allowed",
                ids.len()
            )));
        }
        let nodes = futures::future::try_join_all(ids.iter().map(|id| load(ctx, id))).await?;
        trace(ctx, &nodes).await?;
        Ok(nodes)
    }
}
