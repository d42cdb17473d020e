@NullMarked
package com.circleci.runnerinit.clients.net;

import org.jspecify.annotations.NullMarked;
