// A page that shows what the network hears, and where it writes.
#pragma once

#include <string>

#include "chronicler/insight/report.h"
#include "chronicler/tasks/transcriber.h"

namespace chronicler::cli::transcribe {

// Adds a recording: its spectrum with the probabilities of labels drawn over it, and its words.
void add_recording(insight::Report& page, const std::string& name,
                   const tasks::TranscriptTrace& trace);

}  // namespace chronicler::cli::transcribe
