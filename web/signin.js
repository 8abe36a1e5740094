// Where the sale meets the account: an event that takes accounts only asks for one, and who signs in or out is somebody
// else from then on.
import { openAccount } from './account.js';

// A join was refused, or a session has ended. Signed in, the visitor goes on where the account is.
export async function askToSignIn(visit) {
  if (await openAccount(true) === 'in') visit.join();
}

// The page begins anew: the place of the one before is not this one's.
export async function changeAccount(visit) {
  if (!(await openAccount())) return;
  visit.store.clear();
  location.reload();
}
