// Where the sale meets the account: an event that takes accounts only asks for one, and who signs in or out is somebody
// else from then on.
import { openAccount } from './account.js';

let isChanging = false; // then the session that ends is the one that was ended here

// A join was refused, or a session has ended. Signed in, the visitor goes on where the account is.
export async function askToSignIn(visit) {
  if (!isChanging && await openAccount(true) === 'in') visit.join();
}

// The page begins anew: the place of the one before is not this one's.
export async function changeAccount(visit) {
  isChanging = true;
  const outcome = await openAccount().finally(() => { isChanging = false; });
  if (!outcome) return;
  isChanging = true;
  visit.store.clear();
  location.reload();
}
