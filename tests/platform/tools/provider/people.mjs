// Who can sign in. Nothing here is a secret: the provider is for tests and for development.

const PASSWORD = 'training';
const CODE = '246810';

/** By what they sign in as; the groups may be changed while the provider runs. */
export const people = new Map(
  [
    { user: 'maria', name: 'Мария Стоянова', groups: ['plana-staff', 'plana-operators', 'plana-seniors'] },
    { user: 'ivan', name: 'Иван Петров', groups: ['plana-staff', 'plana-operators'] },
    { user: 'vera', name: 'Вера Колева', groups: ['plana-staff'] },
    { user: 'office@acme.example', name: 'Акме ООД', groups: ['tenant-acme'] },
  ].map((person) => [person.user, { ...person, subject: `sub-${person.user}` }]),
);

/** The one whom tokens call `subject`. */
export const bySubject = (subject) => [...people.values()].find((person) => person.subject === subject);

/** The one with this name, if the password is theirs. */
export const byPassword = (user, password) => (password === PASSWORD ? people.get(user) : undefined);

/** Whether the authenticator shows this. */
export const isCode = (code) => code === CODE;

/** What tokens say of a person. */
export const claims = ({ subject, user, name, groups }) => ({
  sub: subject,
  preferred_username: user,
  name,
  email: user.includes('@') ? user : `${user}@plana.solutions`,
  groups,
});
