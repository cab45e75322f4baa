#!/bin/busybox sh
# /init of the virtual machine of lio.py: dm-snapshot over memory, the Linux SCSI target over iSCSI, and a console on
# the second serial port that runs a line of shell and answers `done STATUS OUTPUT`.
#
# From the kernel's command line, as environment: SECTORS (of a volume), NAME (of the target), ADDRESS (ours, and port).

/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
export DM_DISABLE_UDEV=1 # nobody else would make the nodes of /dev/mapper

while read -r module parameters; do
    insmod "/modules/$module" $parameters || echo "no module $module"
done </modules/order
mount -t configfs none /sys/kernel/config
ifconfig lo 127.0.0.1
ifconfig eth0 "${ADDRESS%:*}" netmask 255.255.255.0

# ---- volumes: ram0 is the source, ram1 what snapshots keep, ram2 the tape library --------------------------

# The origin's table is there from the start: without a snapshot it passes everything on.
dmsetup create source --table "0 $SECTORS snapshot-origin /dev/ram0"
dmsetup create snapshot --table "0 $SECTORS error"

# What each device is from now on; nothing is between a load and its resume but the swap.
table() { dmsetup load "$1" --table "0 $SECTORS $2" && dmsetup resume "$1"; }

# The source is still while the snapshot begins: that is the instant. What was under way is finished before it.
split() {
    dmsetup suspend source && table snapshot "snapshot /dev/ram0 /dev/ram1 N 8"
    status=$?
    dmsetup resume source && return $status
}

forget() { table snapshot error; }

# ---- the target -------------------------------------------------------------------------------------------

target=/sys/kernel/config/target
mkdir -p $target/core $target/iscsi/$NAME/tpgt_1/np/$ADDRESS
portal=$target/iscsi/$NAME/tpgt_1
number=0
for device in mapper/source mapper/snapshot ram2; do
    backstore=$target/core/iblock_$number/volume
    mkdir -p $backstore $portal/lun/lun_$number
    echo "udev_path=/dev/$device" >$backstore/control
    echo "5b11700f00000$number" >$backstore/wwn/vpd_unit_serial # the name by which EXTENDED COPY finds it
    echo 1 >$backstore/enable
    ln -s $backstore $portal/lun/lun_$number/volume
    number=$((number + 1))
done
# Whoever logs in may write; the port is open to this machine's loopback only.
for attribute in authentication=0 generate_node_acls=1 cache_dynamic_acls=1 demo_mode_write_protect=0; do
    echo "${attribute#*=}" >$portal/attrib/${attribute%=*}
done
echo 1 >$portal/enable

# ---- the console --------------------------------------------------------------------------------------------

exec <>/dev/ttyS1 >&0
stty raw -echo
echo "done $? $(uname -r)"
while read -r line; do
    told=$(eval "$line" 2>&1)
    echo "done $?" $told
done
