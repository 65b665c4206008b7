//! Staff: users and their roles.

use std::collections::HashMap;

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject, dataloader::Loader,
};
use chrono::{DateTime, Utc};
use tandem_domain::{
    errors::UserError,
    ids::{CenterId, OfficeId, RoleGrantId, UserId},
    policy::Grant,
    users::{RoleGrant, User as Row, UserInput as Input},
};
use tandem_operations::users;
use tandem_storage::users::Key;

use super::{
    app, caller,
    connection::{Connection, connection, cost, page, wants_total},
    ids,
    loaders::{LoadError, Loaders, loader},
    offices::RegionalOffice,
    payload::{payload, settle},
    scalars::{Email, Language},
};

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub struct User(pub Row);

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

impl User {
    /// The user, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: UserId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<UserId> for Loaders {
    type Value = Row;
    type Error = LoadError;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, Row>, LoadError> {
        let users = users::by_ids(&self.app, &self.caller, keys).await?;
        Ok(users.into_iter().map(|user| (user.id, user)).collect())
    }
}

/// A key of the loaders: the roles of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RolesOf(pub UserId);

impl Loader<RolesOf> for Loaders {
    type Value = Vec<RoleGrant>;
    type Error = LoadError;

    async fn load(&self, keys: &[RolesOf]) -> Result<HashMap<RolesOf, Vec<RoleGrant>>, LoadError> {
        let ids: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let mut roles: HashMap<RolesOf, Vec<RoleGrant>> = HashMap::new();
        for grant in users::grants(&self.app, &self.caller, &ids).await? {
            roles.entry(RolesOf(grant.user)).or_default().push(grant);
        }
        Ok(roles)
    }
}

/// The five roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::policy::Role")]
pub enum Role {
    /// Everything but answering for a person.
    Admin,
    /// A regional office, or all of them (head office).
    Coordinator,
    /// A service centre.
    CenterStaff,
    /// An expert's own things.
    Expert,
    /// A mentee's own things.
    Mentee,
}

/// One role of a user with its scope.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex, name = "RoleGrant")]
pub struct RoleGrantObject {
    /// The global id.
    id: ID,
    /// The role.
    role: Role,
    /// The service centre, expert or mentee that it is about; a coordinator's office is `office`.
    scope_id: Option<ID>,
    /// Since when.
    created_at: DateTime<Utc>,
    #[graphql(skip)]
    office: Option<OfficeId>,
}

#[ComplexObject]
impl RoleGrantObject {
    /// A coordinator's office; null for head office, which coordinates all of them.
    async fn office(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<RegionalOffice>> {
        match self.office {
            Some(office) => RegionalOffice::load(ctx, office).await,
            None => Ok(None),
        }
    }
}

impl From<RoleGrant> for RoleGrantObject {
    fn from(given: RoleGrant) -> Self {
        let (scope_id, office) = match given.grant {
            Grant::Admin => (None, None),
            Grant::Coordinator(office) => (None, office),
            Grant::CenterStaff(center) => (Some(ids::global(center)), None),
            Grant::Expert(expert) => (Some(ids::global(expert)), None),
            Grant::Mentee(mentee) => (Some(ids::global(mentee)), None),
        };
        Self {
            id: ids::global(given.id),
            role: given.grant.role().into(),
            scope_id,
            created_at: given.created_at,
            office,
        }
    }
}

/// Somebody who can sign in.
#[Object]
impl User {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Where sign-in links go.
    async fn email(&self) -> Email {
        self.0.email.clone().into()
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// A telephone number, for colleagues; may be empty.
    async fn phone(&self) -> &str {
        &self.0.phone
    }

    /// The language of e-mails to this user.
    async fn language(&self) -> Language {
        self.0.language.clone().into()
    }

    /// Whether this user may sign in.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// What this user may do.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn roles(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<RoleGrantObject>> {
        let roles = loader(ctx)?
            .load_one(RolesOf(self.0.id))
            .await?
            .unwrap_or_default();
        Ok(roles.into_iter().map(RoleGrantObject::from).collect())
    }

    /// Grows by one with each change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When the user was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the user was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// The details of a user.
#[derive(Debug, InputObject)]
pub struct UserInput {
    /// Where sign-in links go.
    pub email: String,
    /// The name.
    pub name: String,
    /// A telephone number, for colleagues.
    pub phone: Option<String>,
    /// The language of e-mails; German where none is given.
    pub language: Option<String>,
}

impl From<UserInput> for Input {
    fn from(input: UserInput) -> Self {
        Self {
            email: input.email,
            name: input.name,
            phone: input.phone,
            language: input.language,
        }
    }
}

/// A role to be given.
#[derive(Debug, InputObject)]
pub struct RoleInput {
    /// The role: ADMIN, COORDINATOR or CENTER_STAFF.
    pub role: Role,
    /// With COORDINATOR: the regional office; not given: all of them (head office).
    pub office_id: Option<ID>,
    /// With CENTER_STAFF: the service centre.
    pub center_id: Option<ID>,
}

impl RoleInput {
    fn check(&self) -> Result<Grant, UserError> {
        let office = ids::parse_optional::<OfficeId>("role.officeId", self.office_id.as_ref())?;
        let center = ids::parse_optional::<CenterId>("role.centerId", self.center_id.as_ref())?;
        match (self.role, office, center) {
            (Role::Admin, None, None) => Ok(Grant::Admin),
            (Role::Coordinator, office, None) => Ok(Grant::Coordinator(office)),
            (Role::CenterStaff, None, Some(center)) => Ok(Grant::CenterStaff(center)),
            (Role::CenterStaff, None, None) => Err(UserError::invalid(
                "role.centerId",
                "CENTER_STAFF needs the service centre that it is for",
            )),
            (Role::Expert | Role::Mentee, ..) => Err(UserError::invalid(
                "role.role",
                "roles of experts and mentees cannot be given by staff; give ADMIN, COORDINATOR or CENTER_STAFF",
            )),
            (Role::Admin | Role::Coordinator, _, Some(_)) => Err(UserError::invalid(
                "role.centerId",
                "only CENTER_STAFF is for a service centre; leave centerId out",
            )),
            (Role::Admin | Role::CenterStaff, Some(_), _) => Err(UserError::invalid(
                "role.officeId",
                "only COORDINATOR is for a regional office; leave officeId out",
            )),
        }
    }
}

payload! {
    /// The answer to `createUser`.
    CreateUserPayload {
        /// The new user.
        user: User,
    }
}

payload! {
    /// The answer to `grantRole`.
    GrantRolePayload {
        /// The user with the role.
        user: User,
    }
}

payload! {
    /// The answer to `revokeRole`.
    RevokeRolePayload {
        /// The user without the role.
        user: User,
    }
}

payload! {
    /// The answer to `deactivateUser`.
    DeactivateUserPayload {
        /// The user, signed out everywhere.
        user: User,
    }
}

payload! {
    /// The answer to `reactivateUser`.
    ReactivateUserPayload {
        /// The user.
        user: User,
    }
}

payload! {
    /// The answer to `setUserLanguage`.
    SetUserLanguagePayload {
        /// The user.
        user: User,
    }
}

/// Queries for users.
#[derive(Default)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// The users that you may see, by name.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of a name or an e-mail address.")] search: Option<String>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<User>> {
        let page = page::<Key>(first, after, last, before)?;
        let search = search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let (slice, total) = users::list(app(ctx), caller(ctx)?, search, &page, wants_total(ctx)).await?;
        Ok(connection(slice, total, |user: &Row| {
            (user.name.clone(), user.id.uuid())
        }))
    }
}

/// Mutations of users.
#[derive(Default)]
pub struct UserMutation;

#[Object]
impl UserMutation {
    /// Creates a user, who then signs in by a link sent to the address. For administrators.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The details.")] input: UserInput,
        #[graphql(desc = "A first role.")] role: Option<RoleInput>,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<CreateUserPayload> {
        let caller = caller(ctx)?;
        let roles = match role.map(|role| role.check()).transpose() {
            Ok(role) => Vec::from_iter(role),
            Err(error) => return settle(Err::<Row, _>(error.into())),
        };
        settle(users::create(app(ctx), caller, input.into(), &roles, idempotency_key.as_deref()).await)
    }

    /// Gives a user a role; it counts from the user's next request on. For administrators.
    async fn grant_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user.")] user_id: ID,
        #[graphql(desc = "The role with its scope.")] role: RoleInput,
    ) -> async_graphql::Result<GrantRolePayload> {
        let caller = caller(ctx)?;
        let checked = ids::parse::<UserId>("userId", &user_id).and_then(|user| Ok((user, role.check()?)));
        match checked {
            Ok((user, role)) => settle(users::grant_role(app(ctx), caller, user, role).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }

    /// Takes a role from its user. For administrators; the last of them keeps the role.
    async fn revoke_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The role of the user, as `roles` gave it.")] role_grant_id: ID,
    ) -> async_graphql::Result<RevokeRolePayload> {
        let caller = caller(ctx)?;
        match ids::parse::<RoleGrantId>("roleGrantId", &role_grant_id) {
            Ok(id) => settle(users::revoke_role(app(ctx), caller, id).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }

    /// Lets a user sign in no more and signs the user out everywhere. For administrators.
    async fn deactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user.")] user_id: ID,
    ) -> async_graphql::Result<DeactivateUserPayload> {
        let caller = caller(ctx)?;
        match ids::parse::<UserId>("userId", &user_id) {
            Ok(id) => settle(users::deactivate(app(ctx), caller, id).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }

    /// Lets a user sign in again. For administrators.
    async fn reactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user.")] user_id: ID,
    ) -> async_graphql::Result<ReactivateUserPayload> {
        let caller = caller(ctx)?;
        match ids::parse::<UserId>("userId", &user_id) {
            Ok(id) => settle(users::reactivate(app(ctx), caller, id).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }

    /// Sets the language of a user's e-mails: your own, or as an administrator anybody's. The mailbox of an
    /// office or a centre is written to in the language of those who work there, where it is the same for all,
    /// otherwise in German.
    async fn set_user_language(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user.")] user_id: ID,
        #[graphql(desc = "The language's code, as `de` or `en`.")] language: String,
    ) -> async_graphql::Result<SetUserLanguagePayload> {
        let caller = caller(ctx)?;
        match ids::parse::<UserId>("userId", &user_id) {
            Ok(id) => settle(users::set_language(app(ctx), caller, id, &language).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }
}
