/* How a step of the registrar's work went. */
#ifndef STANCHION_REGISTRAR_STEP_H
#define STANCHION_REGISTRAR_STEP_H

enum step {
    STEP_OK = 0,
    STEP_REDIS,  /* Redis is away or of another epoch: come again */
    STEP_FAILED, /* a file cannot be read or written: logged */
    STEP_COUNT
};

#endif
