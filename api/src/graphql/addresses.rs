//! Changes of e-mail addresses that wait to be confirmed at the old and the new address.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, Object, SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::ids::{AddressChangeId, ExpertId, MenteeId};
use tandem_domain::parties::Party;
use tandem_operations::addresses::{self, Pending};

use super::{
    app, caller, ids,
    loaders::{LoadError, Loaders, loader},
    matches::life::Side,
    payload::{payload, settle},
    scalars::{Date, Email},
};

/// One of the two addresses of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::addresses::End")]
pub enum AddressEnd {
    /// The address that was confirmed last.
    Old,
    /// The one that is to replace it.
    New,
}

/// A changed e-mail address that does not count yet. Until it does, mails go on to the address that was confirmed,
/// links that were sent before open nothing, and the person's answers by link or signed in wait.
#[derive(Debug, Clone, SimpleObject)]
pub struct AddressChange {
    /// The global id.
    id: ID,
    /// Whose address it is.
    side: Side,
    /// The new address.
    new_email: Email,
    /// Since when it waits.
    asked_at: DateTime<Utc>,
    /// Until when it can be confirmed; after that it has come to nothing.
    expires_at: DateTime<Utc>,
    /// Where it is not confirmed yet. A first address is confirmed at itself alone.
    missing: Vec<AddressEnd>,
    /// When it was confirmed at the old address.
    old_confirmed_at: Option<DateTime<Utc>>,
    /// When it was confirmed at the new address.
    new_confirmed_at: Option<DateTime<Utc>>,
    /// When the office vouched for it, in place of the old address.
    vouched_at: Option<DateTime<Utc>>,
    /// The day of the telephone call with the person.
    spoken_on: Option<Date>,
    /// From when on the office's word stands for the old address, unless that one objects before.
    vouched_from: Option<DateTime<Utc>>,
}

impl From<Pending> for AddressChange {
    fn from(pending: Pending) -> Self {
        let change = pending.change;
        Self {
            id: ids::global(change.id),
            side: change.party.side().into(),
            new_email: change.new.expect("what is under way has a new address").into(),
            asked_at: change.asked_at,
            expires_at: change.expires_at,
            missing: pending.missing.into_iter().map(AddressEnd::from).collect(),
            old_confirmed_at: change.old_confirmed_at,
            new_confirmed_at: change.new_confirmed_at,
            vouched_at: change.voucher.map(|voucher| voucher.at),
            spoken_on: change.voucher.map(|voucher| voucher.spoken_on.into()),
            vouched_from: pending.vouched_from,
        }
    }
}

/// A key of the loaders: the change under way of one person's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AddressOf(pub Party);

impl AddressOf {
    /// The change, through the request's loader; none where there is none or the caller may not see it.
    pub(super) async fn load(self, ctx: &Context<'_>) -> async_graphql::Result<Option<AddressChange>> {
        Ok(loader(ctx)?.load_one(self).await?.map(AddressChange::from))
    }
}

impl Loader<AddressOf> for Loaders {
    type Value = Pending;
    type Error = LoadError;

    async fn load(&self, keys: &[AddressOf]) -> Result<HashMap<AddressOf, Pending>, LoadError> {
        let mut experts: Vec<ExpertId> = Vec::new();
        let mut mentees: Vec<MenteeId> = Vec::new();
        for AddressOf(party) in keys {
            match *party {
                Party::Expert(id) => experts.push(id),
                Party::Mentee(id) | Party::Guardian(id) => mentees.push(id),
            }
        }
        let open = addresses::open_of(&self.app, &self.caller, &experts, &mentees).await?;
        Ok(open
            .into_iter()
            .map(|pending| (AddressOf(pending.change.party), pending))
            .collect())
    }
}

payload! {
    /// The answer to `vouchForAddressChange`.
    VouchForAddressChangePayload {
        /// The change as it is now.
        address_change: AddressChange,
    }
}
payload! {
    /// The answer to `withdrawAddressChange`.
    WithdrawAddressChangePayload {
        /// The global id of the expert or mentee.
        person_id: ID,
    }
}

/// Mutations of changed addresses.
#[derive(Default)]
pub struct AddressMutation;

#[Object]
impl AddressMutation {
    /// Records that you have called the person, who cannot confirm at the old address any more and wants the new one.
    /// For the office, and not for who entered the change. The old address is told at once; the change counts after
    /// some days (setting `addressVouchDays`) in which it does not object, and once the new address has confirmed.
    async fn vouch_for_address_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] id: ID,
        #[graphql(desc = "The day of the telephone call.")] spoken_on: Date,
    ) -> async_graphql::Result<VouchForAddressChangePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let vouched = async {
            let id: AddressChangeId = ids::parse("id", &id)?;
            addresses::vouch(app, caller, id, spoken_on.into()).await
        };
        settle(vouched.await)
    }

    /// Takes a change back before it counts: the confirmed address stays. For who may change the person, and for the
    /// office.
    async fn withdraw_address_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] id: ID,
    ) -> async_graphql::Result<WithdrawAddressChangePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let withdrawn = async {
            let id: AddressChangeId = ids::parse("id", &id)?;
            Ok(match addresses::withdraw(app, caller, id).await? {
                Party::Expert(id) => ids::global(id),
                Party::Mentee(id) | Party::Guardian(id) => ids::global(id),
            })
        };
        settle(withdrawn.await)
    }
}
