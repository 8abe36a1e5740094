// The words of the account dialog.
import { addTexts } from './text.js';

addTexts({
  'account.title': 'Your account',
  'account.signInTitle': 'Sign in to get in line',
  'account.signUpTitle': 'Create an account',
  'account.email': 'E-mail address',
  'account.password': 'Password',
  'account.passwordHint': 'At least 8 characters. Note it down: it cannot be reset by e-mail.',
  'account.signIn': 'Sign in',
  'account.signUp': 'Create the account and sign in',
  'account.haveNone': 'I am new here',
  'account.haveOne': 'Sign in instead',
  'account.cancel': 'Not now',
  'account.close': 'Close',
  'account.signOut': 'Sign out',
  'account.signedIn': 'Signed in as {email}. Your place and your tickets are the same on every device you sign in on.',
  'account.wrong': 'The e-mail address or the password is not right.',
  'account.taken': 'Nobody could be signed in with this. If you have an account already, sign in with its password.',
  'account.tooFast': { one: 'Too many tries. Please wait {n} second.', other: 'Too many tries. Please wait {n} seconds.' },
  'account.notUsable': 'Please enter an e-mail address and a password.',
  'account.notUsableNew': 'Please enter an e-mail address and a password of at least 8 characters.',
  'account.full': 'Very many people are signing in right now. We go on trying for you; leave this open.',
  'account.busy': 'That is not possible at the moment. Nothing is lost; please try again soon.',
});
