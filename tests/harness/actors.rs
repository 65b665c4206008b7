//! People who use the product.

use serde_json::Value;
use tandem_api::graphql::ids;
use tandem_domain::{
    ids::{CenterId, OfficeId, UserId},
    policy::{Actor as PolicyActor, Grant},
    users::{SignInMethod, UserInput},
};
use tandem_operations::{Caller, auth, users};

use crate::{Answer, Client, TestApp};

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// The address.
    pub email: String,
    /// Over HTTP.
    pub client: Client,
    /// For operations that are called directly.
    pub caller: Caller,
}

impl Actor {
    /// Sends an operation and reads the answer, whatever it is.
    pub async fn ask(&self, query: &str, variables: Value) -> Answer {
        self.client.ask(query, variables).await
    }

    /// The global id.
    pub fn id(&self) -> String {
        ids::global(self.user).to_string()
    }
}

impl TestApp {
    /// Somebody who is not signed in.
    pub fn nobody(&self) -> Client {
        Client::new(&self.url, None)
    }

    /// An administrator.
    pub async fn admin(&self) -> Actor {
        self.staff("Admin", &[Grant::Admin]).await
    }

    /// A coordinator of one office.
    pub async fn coordinator(&self, office: OfficeId) -> Actor {
        self.staff("Coordinator", &[Grant::Coordinator(Some(office))])
            .await
    }

    /// A coordinator of every office.
    pub async fn head_office(&self) -> Actor {
        self.staff("Head Office", &[Grant::Coordinator(None)]).await
    }

    /// Somebody who works at a service centre.
    pub async fn center_staff(&self, center: CenterId) -> Actor {
        self.staff("Centre Staff", &[Grant::CenterStaff(center)]).await
    }

    /// A user with these roles, signed in. The address is made of the name and counts up.
    pub async fn staff(&self, name: &str, grants: &[Grant]) -> Actor {
        let number: uuid::Uuid = self.api.random.id(&*self.api.clock);
        let email = format!(
            "{}.{}@staff.example.org",
            name.to_lowercase().replace(' ', "."),
            &number.simple().to_string()[20..]
        );
        let input = UserInput {
            email: email.clone(),
            name: name.to_owned(),
            ..UserInput::default()
        };
        let user = users::create(&self.api, &Caller::system(), input, grants, None)
            .await
            .expect("a user can be created");
        self.sign_in(user.id, email, grants).await
    }

    /// An expert's own user is made by no staff action, so that the harness writes it itself.
    pub async fn person(&self, name: &str, grant: Grant) -> Actor {
        let actor = self.staff(name, &[]).await;
        let mut conn = self.conn().await;
        tandem_storage::users::insert_grant(&mut conn, self.api.id(), actor.user, grant, self.now())
            .await
            .expect("a role can be given");
        Actor {
            caller: Caller::user(PolicyActor::new(actor.user, vec![grant]), "127.0.0.1"),
            ..actor
        }
    }

    async fn sign_in(&self, user: UserId, email: String, grants: &[Grant]) -> Actor {
        let mut conn = self.conn().await;
        let place = auth::Place {
            address: "127.0.0.1".into(),
            user_agent: "harness".into(),
        };
        let new = auth::begin_session(&mut conn, &self.api, user, SignInMethod::Link, &place)
            .await
            .expect("a session can begin");
        Actor {
            user,
            email,
            client: Client::new(&self.url, Some(new.token)),
            caller: Caller::user(PolicyActor::new(user, grants.to_vec()), "127.0.0.1"),
        }
    }
}
