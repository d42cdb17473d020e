/** Which servers are trusted: the system's root certificates and the embedded ones. */
@NullMarked
package com.circleci.runnerinit.clients.runner.trust;

import org.jspecify.annotations.NullMarked;
