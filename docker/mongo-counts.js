// Prints how many versions each resource type had at an instant: the drill compares two machines.
// UNTIL is that instant in microseconds since 1970, UTC.
const fs = require("fs");

const until = Long(process.env.UNTIL);
const password = fs.readFileSync("/run/secrets/mongo_backup_password", "utf8").trim();
const server = connect("mongodb://mongo:27017/admin?replicaSet=rs0");
server.auth({ user: "backup", pwd: password });

for (const name of ["fhir", "fhir_legal"]) {
  const database = server.getSiblingDB(name);
  const sums = {};
  for (const collection of database.getCollectionNames()) {
    // A version moves from one to the other when it is superseded, and keeps its ts.
    const type = collection.replace(/_history$/, "");
    const count = database.getCollection(collection).countDocuments({ ts: { $lte: until } });
    sums[type] = (sums[type] || 0) + count;
  }
  for (const type of Object.keys(sums).sort()) print(`${name}.${type} ${sums[type]}`);
}
