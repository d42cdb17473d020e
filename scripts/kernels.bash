# shellcheck shell=bash
#
# Kernels that are not the machine's, in virtual machines of QEMU's software emulation. The tests run
# on the host; testing/Machine.java is how they reach into a guest, which shares a folder with it. KVM
# is not used: where it is nested, guests hang on it.

# What Debian's lists name today: NAME ARCHITECTURE SUITE PACKAGE PROCESSOR GROUPS PARAMETER…: PACKAGE a
# pattern of grep -E, then QEMU's processor, how control groups are mounted, and what the kernel is told.
# Versions are withdrawn within hours, so the newest that can be downloaded is taken.
all_kernels='6.12 amd64 bookworm linux-image-6\.12\.[0-9]+.*-cloud-amd64 max nsdelegate,memory_recursiveprot
6.1 amd64 bookworm linux-image-6\.1\.0-[0-9]+-cloud-amd64 Haswell-noTSX rw
5.10 amd64 bullseye linux-image-5\.10\.0-[0-9]+-cloud-amd64 Nehalem rw psi=0
arm64 arm64 bookworm linux-image-6\.12\.[0-9]+.*-cloud-arm64 cortex-a53 rw
arm64-16k arm64 bookworm linux-image-6\.12\.[0-9]+.*-arm64-16k max,pauth-impdef=on nsdelegate,memory_recursiveprot'

# That line of a kernel, if there is one: listed_kernel NAME
listed_kernel() { awk -v name="$1" '$1 == name' <<<"$all_kernels"; }

kernel_modules=(virtio_pci virtio_net virtio_blk virtiofs loop overlay xfs veth)

# What is started in a guest; the last of it by a node of Kubernetes.
guest_packages=(
  busybox-static util-linux mount bsdutils coreutils dash hostname strace xfsprogs tini dumb-init catatonit
  containernetworking-plugins
)

# Has apt ask for a suite, in lists of its own: guest_apt FOLDER ARCHITECTURE SUITE
guest_apt() {
  local apt=$1/apt from='deb [arch=%s signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org'
  mkdir -p "$apt/lists/partial" "$apt/packages/partial"
  : >"$apt/status"
  # shellcheck disable=SC2059 # A part of the format that both lines share
  printf "$from/debian%s main\n" "$2" " $3" "$2" "-security $3-security" >"$apt/sources"
  printf '%s "%s";\n' Dir::Etc::sourcelist "$apt/sources" Dir::Etc::sourceparts - Dir::State::lists "$apt/lists" \
    Dir::State::status "$apt/status" Dir::Cache "$apt" Dir::Cache::archives "$apt/packages" APT::Architecture "$2" \
    APT::Architectures:: "$2" Acquire::Languages none APT::Sandbox::User root >"$apt/conf"
  export APT_CONFIG=$apt/conf
  apt-get update -qq >&2
}

# Prints the folder of a kernel of the list: fetch_kernel NAME
fetch_kernel() {
  local folder=$cache/kernels/$1 package
  # shellcheck disable=SC2046 # Words
  set -- $(listed_kernel "$1")
  if [[ ! -f $folder/record ]]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    say "downloading the kernel $1"
    (
      guest_apt "$folder" "$2" "$3"
      cd "$folder" || exit
      for package in $(apt-cache search --names-only '^linux-image-' | cut -d' ' -f1 | grep -xE "$4" | sort -rV); do
        apt-get download -qq "$package" >&2 && break
      done
    )
    set -- "$folder"/*.deb
    [[ -f $1 ]] || die "no kernel of Debian's lists could be downloaded into $folder"
    dpkg -x "$1" "$folder/files"
    package=$(echo "$folder"/files/boot/vmlinuz-*)
    depmod -b "$folder/files" "${package##*/vmlinuz-}"
    printf '%s %s\n' "$(sha256sum "$1" | cut -d' ' -f1)" "$(dpkg-deb --show "$1" | tr '\t' ' ')" >"$folder/record"
    rm -rf "$1" "$folder/apt"
  fi
  printf '%s\n' "$folder"
}

# Prints the folder of the programs of a guest: fetch_programs ARCHITECTURE
fetch_programs() {
  local folder package name
  folder=$cache/kernels/programs-$1-$(sha256sum <<<"${guest_packages[*]}" | cut -c1-8)
  if [[ ! -f $folder/record ]]; then
    rm -rf "$folder"
    mkdir -p "$folder"/files/usr/{bin,sbin,lib}
    say "downloading the programs of guests of $1"
    for name in bin sbin lib; do ln -s "usr/$name" "$folder/files/$name"; done
    (
      guest_apt "$folder" "$1" bookworm
      apt-get install -qq -y --no-install-recommends --download-only "${guest_packages[@]}" >&2
    ) || die "the programs of guests of $1 could not be downloaded from Debian"
    for package in "$folder"/apt/packages/*.deb; do
      dpkg-deb --fsys-tarfile "$package" | tar -x -C "$folder/files" --keep-directory-symlink
    done
    mkdir -p "$folder"/files/{dev,proc,sys,run,tmp}
    echo root:x:0:0::/:/bin/sh >"$folder/files/etc/passwd"
    echo 127.0.0.1 localhost >"$folder/files/etc/hosts"
    sha256sum "$folder"/apt/packages/*.deb >"$folder/record"
    rm -rf "$folder/apt"
  fi
  printf '%s\n' "$folder/files"
}

# What the guest's first program does before it becomes the agent, and what is begun beside it:
# make_initrd KERNEL-FOLDER PROGRAMS INTO SHARED [SCRIPT]
make_initrd() {
  local version folder module path count=0
  version=$(basename "$1"/files/boot/vmlinuz-*)
  version=${version#vmlinuz-}
  folder=$3/initrd
  mkdir -p "$folder"/{bin,new,proc,modules}
  cp "$2/bin/busybox" "$folder/bin/busybox"
  for module in "${kernel_modules[@]}"; do
    modprobe --show-depends -d "$1/files" -S "$version" "$module" | sed -n 's/^insmod \(\S*\).*/\1/p'
  done | awk '!seen[$0]++' | while read -r path; do
    count=$((count + 1))
    module=$folder/modules/$(printf %02d $count)-$(basename "${path%.xz}")
    if [[ $path == *.xz ]]; then xz -dc "$path" >"$module"; else cp "$path" "$module"; fi
  done
  # shellcheck disable=SC2016 # The document's
  cat >"$folder/init" <<END
#!/bin/busybox sh
/bin/busybox mkdir -p /usr/bin /sbin
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
for module in /modules/*; do insmod \$module; done
ip address add 127.0.0.1/8 dev lo
ip link set lo up
ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0
mount -t virtiofs -o ro root /new
mount -t tmpfs tmpfs /new/tmp
mkdir -p /new$4
mount -t virtiofs shared /new$4
mount -t proc proc /new/proc
mount -t sysfs sysfs /new/sys
mount -t devtmpfs devtmpfs /new/dev
mkdir -p /new/dev/pts
mount -t devpts -o ptmxmode=666 devpts /new/dev/pts
mount -t tmpfs tmpfs /new/run
mount -t cgroup2 -o $guest_groups cgroup2 /new/sys/fs/cgroup
for controller in memory cpu pids cpuset io; do echo +\$controller >/new/sys/fs/cgroup/cgroup.subtree_control; done
mkswap /new/dev/vda && swapon /new/dev/vda
${5:+chroot /new /bin/sh -c '$5 >$4/script.log 2>&1 &'}
exec switch_root /new $4/guest-agent
END
  chmod +x "$folder/init"
  (cd "$folder" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$3/initrd.gz"
}

# Whoever wants something else of a guest sets these: its memory, further ports of this machine that lead to
# its own (",hostfwd=tcp:…"), a command to start QEMU by, and the last three words of a kernel's line.
guest_memory=1G guest_ports='' enter=() guest_processor=max guest_groups=rw guest_parameters=''

# What guests take of this machine. Sets $virtiofsd, and $uncached, its options for what changes.
need_guests() {
  need qemu-system-x86_64=qemu-system-x86 qemu-system-aarch64=qemu-system-arm busybox=busybox-static modprobe=kmod \
    xz=xz-utils /usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring
  # QEMU's own, as long as it had one; the one that came after it has no such option.
  virtiofsd=/usr/lib/qemu/virtiofsd uncached=(-o timeout=0)
  [[ -x $virtiofsd ]] || { virtiofsd=/usr/libexec/virtiofsd uncached=() && need "$virtiofsd=virtiofsd"; }
}

# share TAG FOLDER OPTION…: a folder of this machine for the guest. Adds to $qemu and $helpers.
share() {
  local tag=$1 socket=$guest/$1.sock
  "$virtiofsd" --socket-path="$socket" -o source="$2" -o sandbox=chroot "${@:3}" -f >"$guest/$tag.log" 2>&1 &
  helpers+=($!)
  until [[ -S $socket ]]; do
    kill -0 $! || die "virtiofsd: $(cat "$guest/$tag.log")"
    sleep 0.1
  done
  qemu+=(-chardev "socket,id=$tag,path=$socket" -device "vhost-user-fs-pci,chardev=$tag,tag=$tag")
}

# Sets $guest_port once the agent answers: boot_guest KERNEL-FOLDER ARCHITECTURE SHARED-FOLDER [SCRIPT]
boot_guest() {
  local programs began=$SECONDS parameters="panic=-1 quiet swapaccount=1 $guest_parameters"
  programs=$(fetch_programs "$2")
  guest=$(mktemp -d)
  mkdir -p "$3" "$programs$3"
  "$(musl_gcc "$2")" -static -Os -s -Wall -Wextra -Werror -o "$3/guest-agent" "$root/testing/src/main/c/guest-agent.c"
  make_initrd "$1" "$programs" "$guest" "${@:3}"
  truncate --size=256M "$guest/swap"
  guest_port=$((20000 + RANDOM % 10000))
  helpers=()
  # shellcheck disable=SC2054 # QEMU separates by commas
  case $2 in
    amd64) qemu=(qemu-system-x86_64 -M q35 -append "console=ttyS0 $parameters") ;;
    arm64) qemu=(qemu-system-aarch64 -M virt -append "console=ttyAMA0 $parameters") ;;
  esac
  # shellcheck disable=SC2054 # as above
  qemu+=(
    -accel tcg -cpu "$guest_processor" -smp 2 -m "$guest_memory" -nodefaults -no-reboot -display none
    -object "memory-backend-memfd,id=memory,size=$guest_memory,share=on" -numa node,memdev=memory
    -kernel "$1"/files/boot/vmlinuz-* -initrd "$guest/initrd.gz"
    -serial "file:$guest/console"
    -netdev "user,id=net,hostfwd=tcp:127.0.0.1:$guest_port-:1$guest_ports" -device virtio-net-pci,netdev=net,romfile=
    -drive "file=$guest/swap,format=raw,if=none,id=swap" -device virtio-blk-pci,drive=swap
  )
  share root "$programs" -o cache=always
  share shared "$3" -o cache=auto "${uncached[@]}"
  "${enter[@]}" "${qemu[@]}" </dev/null >"$guest/qemu.log" 2>&1 &
  helpers+=($!)
  trap end_guest EXIT
  until grep -q '^guest-agent: ready' "$guest/console" 2>/dev/null; do
    if ! kill -0 $! 2>/dev/null || ((SECONDS - began > 300)); then
      die "the guest did not start: $(cat "$guest/qemu.log" "$guest/console")"
    fi
    sleep 0.2
  done
  boot_seconds=$((SECONDS - began))
}

end_guest() {
  kill "${helpers[@]}" 2>/dev/null || true
  wait "${helpers[@]}" 2>/dev/null || true
  helpers=()
}

count_tests() { cat "$@" | grep -c '<testcase '; }

# Writes a line of what was proved where: prove NAME VERSION TESTS
prove() { sed -i "s/^| \`$1\` |.*/| \`$1\` | $2 | $3 |/" "$root/docs/proof.md"; }

## Run the tests that depend on the kernel on other kernels, in virtual machines: ./do test-kernels [KERNEL…]
##
## 6.12, 6.1 and 5.10 of Debian, and arm64 and arm64-16k, 6.12 with pages of 4 and 16 KiB; all when none
## is named. QEMU emulates the processor; minutes a kernel. They are downloaded from Debian once, into the
## cache. -Dtest=ShutdownTest runs one class. Needs root.
verb_test_kernels() {
  ((EUID == 0)) || die "test-kernels: the guests share this machine's files as root"
  need "${test_tools[@]}"
  need_guests
  local names=() options=() argument name architecture failed=() reports=$root/acceptance/target/surefire-reports
  local began folder known passed tests version
  known=$(cut -d' ' -f1 <<<"$all_kernels" | paste -sd' ')
  for argument; do
    if [[ $argument == -* ]]; then options+=("$argument"); else names+=("$argument"); fi
  done
  ((${#names[@]})) || read -ra names <<<"$known"
  for name in "${names[@]}"; do
    read -r _ architecture _ _ guest_processor guest_groups guest_parameters < <(listed_kernel "$name") ||
      die "test-kernels: no kernel $name; there are: $known"
    build "$architecture"
    folder=$(fetch_kernel "$name")
    passed=true began=$SECONDS
    boot_guest "$folder" "$architecture" "$root/acceptance/target/roots"
    rm -f "$reports"/TEST-*-kernel-"$name".xml
    maven verify -pl acceptance -am -DskipUnitTests=true \
      -Dgroups='(core | kernel | guest) & !host' -DexcludedGroups= -Drunnerinit.guest="$guest_port" \
      -Drunnerinit.architecture="$architecture" \
      -Dsurefire.reportNameSuffix="kernel-$name" \
      -Djunit.jupiter.execution.parallel.config.fixed.parallelism=2 \
      -Djunit.jupiter.execution.timeout.default=300s \
      -Dsurefire.failIfNoSpecifiedTests=false "${options[@]}" || passed=false
    end_guest
    mkdir -p "$root/target/kernels"
    cp "$guest/console" "$root/target/kernels/$name.console"
    tests=$(count_tests "$reports"/TEST-*-kernel-"$name".xml) || passed=false
    version=$(awk '{ print $NF }' "$folder/record")
    $passed || failed+=("$name")
    if $passed && ((${#options[@]} == 0)); then
      prove "$name" "$version, $guest_processor, $guest_groups${guest_parameters:+, $guest_parameters}" "$tests"
    fi
    say "kernel $version: $tests tests, boot $boot_seconds s, all $((SECONDS - began)) s"
    rm -rf "$guest"
  done
  ((${#failed[@]} == 0)) || die "failed on ${failed[*]}: the consoles are in target/kernels"
}
