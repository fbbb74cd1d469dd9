// Package signin signs people in with a browser: pages for sign-in and sign-out over
// OpenID Connect (package oidcrp), sessions in the database, and middleware that
// puts the identity.Person who is asking into the request's context.
//
// It is for an application's HTTP server:
//
//	mux.Handle("/auth/", signIn.Routes())
//	mux.Handle("/desk/", signIn.Require(desk))
//
// What protects whom:
//
//   - A sign-in is bound to the browser that began it by a sealed cookie, and its
//     state is good for one callback. Nothing is written before the callback.
//   - A session's token is random, stored hashed, and new at each sign-in; the
//     session's data is sealed. The cookie is HttpOnly and SameSite=Lax, Secure and
//     with the __Host- prefix where the public address is https.
//   - An official is looked up in the directory at each request: who is removed
//     there is nobody at the next one.
//   - A sign-out removes the session here first and then ends it at the provider;
//     the former cookie is answered 401.
//   - No header says who somebody is.
package signin
