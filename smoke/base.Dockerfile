# What the smoke tests run Pods over, as targets. "machine" is the root of the machine that builds,
# the context what ./do smoke-tests makes.

FROM scratch AS nothing
LABEL holds=nothing

FROM scratch AS one-file
COPY file /file

FROM scratch AS busybox
COPY --from=machine /bin/busybox /bin/busybox
COPY --from=machine /bin/busybox /bin/cp
COPY --from=machine /bin/busybox /bin/sh
COPY program-busybox /program

# The loader and the library, no shell.
FROM scratch AS glibc
COPY --from=machine /lib64/ld-linux-x86-64.so.2 /lib64/ld-linux-x86-64.so.2
COPY --from=machine /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libc.so.6
COPY program-glibc /program

FROM scratch AS musl
COPY --from=machine /lib/ld-musl-x86_64.so.1 /lib/ld-musl-x86_64.so.1
COPY program-musl /program

FROM scratch AS debian
ADD debian.tar /
COPY program-debian /program

# Files of the size that they have in the real image, for init and for cp.
FROM localhost/smoke:debian AS real-size
COPY orchestrator circleci-agent /

# What keeps a Pod's namespaces, on the cluster of ./do kubernetes-tests: it does nothing but wait.
FROM scratch AS pause
COPY --from=machine /usr/bin/catatonit /catatonit
ENTRYPOINT ["/catatonit", "-P"]
