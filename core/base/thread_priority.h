// Which threads wait when there is more work than processors.
#pragma once

namespace hilum {

// Makes the calling thread go behind those of normal priority (nice 5: a third of their share, and only while they have
// work). For threads that answer questions, so that storing keeps its pace under any number of readers: a client
// that reads asks again, a modality that cannot store holds up patients. Costs nothing after the first call on a thread.
void lower_thread_priority();

}  // namespace hilum
