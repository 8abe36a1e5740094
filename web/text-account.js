// The words of the account dialog.
import { addTexts } from './text.js';

addTexts({
  'account.title': 'Your account',
  'account.signInTitle': 'Sign in to get in line',
  'account.signUpTitle': 'Create an account',
  'account.email': 'E-mail address',
  'account.password': 'Password',
  'account.passwordHint': 'At least 8 characters. There is no e-mail to confirm and none to reset it: note it down.',
  'account.signIn': 'Sign in',
  'account.signUp': 'Create the account and sign in',
  'account.haveNone': 'I have no account',
  'account.haveOne': 'I have an account',
  'account.cancel': 'Not now',
  'account.close': 'Close',
  'account.signOut': 'Sign out',
  'account.signedIn': 'Signed in as {email}. Your place and your tickets are the same on every device you sign in on.',
  'account.wrong': 'The e-mail address or the password is not right.',
  'account.taken': 'With this address and this password nobody could be signed in. If you have an account already, sign in with its password.',
  'account.tooFast': { one: 'Too many tries. Please wait {n} second.', other: 'Too many tries. Please wait {n} seconds.' },
  'account.notUsable': 'Please enter an e-mail address and a password.',
  'account.notUsableNew': 'Please enter an e-mail address and a password of at least 8 characters.',
  'account.full': 'Very many people are signing in right now. We go on trying for you; leave this open.',
  'account.busy': 'That is not possible at the moment. Nothing is lost; please try again soon.',
});
