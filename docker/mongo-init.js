// Starts the replica set and keeps its users; safe to run at every start.
// A changed password file takes effect here: the user exists, so it is updated.
const fs = require("fs");

const SET = { _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] };
const ADMIN = { database: "admin", user: "admin", roles: ["root"] };
// readWrite also covers creating, listing and dropping indexes of the database; `also` are others.
const USERS = [
  { database: "fhir", also: ["fhir_oauth"], user: "health", roles: ["readWrite"] },
  { database: "fhir_legal", also: ["fhir_legal_oauth"], user: "legal", roles: ["readWrite"] },
  { database: "admin", user: "backup", roles: ["backup"] },
];
const password = (user) => fs.readFileSync(`/run/secrets/mongo_${user}_password`, "utf8").trim();

const server = connect("mongodb://127.0.0.1:27017/admin?directConnection=true");

// Runs `step`, or returns the code name of one of the `expected` refusals.
function attempt(step, expected) {
  try {
    step();
    return null;
  } catch (error) {
    if (!expected.includes(error.codeName)) throw error;
    return error.codeName;
  }
}

function startReplicaSet() {
  const refusals = ["AlreadyInitialized", "Unauthorized"];
  attempt(() => server.adminCommand({ replSetInitiate: SET }), refusals);
  for (let second = 0; !server.hello().isWritablePrimary; second += 1) {
    if (second === 60) throw new Error("the replica set has no primary after 60 s");
    sleep(1000);
  }
}

function authenticate() {
  return attempt(
    () => server.auth({ user: ADMIN.user, pwd: password(ADMIN.user) }),
    ["AuthenticationFailed"],
  );
}

function keepUser({ database, also = [], user, roles }) {
  const home = server.getSiblingDB(database);
  const granted = [database, ...also].flatMap((db) => roles.map((role) => ({ role, db })));
  const wanted = { pwd: password(user), roles: granted };
  if (home.getUser(user)) home.updateUser(user, wanted);
  else home.createUser({ user, ...wanted });
  print(`user ${user} on database ${database}: ${roles.join(", ")}`);
}

startReplicaSet();
if (authenticate()) {
  const { user, roles } = ADMIN;
  server.createUser({ user, pwd: password(user), roles });
  if (authenticate()) throw new Error("the admin password does not fit this database");
}
USERS.forEach(keepUser);
