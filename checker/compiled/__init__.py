"""Search at the speed of C: the ground steps as LLVM IR, compiled in the process by llvmlite."""
