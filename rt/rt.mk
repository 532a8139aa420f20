# rt: one fragment a folder, from what stands on nothing to what ties all together.
include %D%/sdk/sdk.mk
include %D%/base/base.mk
include %D%/clock/clock.mk
include %D%/os/os.mk
include %D%/msg/msg.mk
include %D%/shm/shm.mk
include %D%/config/config.mk
include %D%/graph/graph.mk
include %D%/engine/engine.mk
include %D%/io/io.mk
include %D%/main/main.mk
include %D%/examples/examples.mk
