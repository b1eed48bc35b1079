// SPDX-License-Identifier: Apache-2.0
// The handlers of the table of commands. Those of the stages learn from `name` which of them they are.
#pragma once

#include <memory>
#include <string>

#include "tint/cli/command.h"

namespace tint {

using HandlerPtr = std::unique_ptr<CommandHandler>;

HandlerPtr MakeStageCommand(const std::string& name);
HandlerPtr MakeEpisodesDrawCommand(const std::string& name);
HandlerPtr MakeEpisodesCheckCommand(const std::string& name);
HandlerPtr MakeEpisodesImportCommand(const std::string& name);
HandlerPtr MakeEpisodesExportCommand(const std::string& name);
HandlerPtr MakeDatasetSynthesizeCommand(const std::string& name);
HandlerPtr MakeDatasetCheckCommand(const std::string& name);
HandlerPtr MakeModelsLockCommand(const std::string& name);
HandlerPtr MakeModelsCheckCommand(const std::string& name);
HandlerPtr MakeModelsCalibrateCommand(const std::string& name);
HandlerPtr MakePretrainStudentCommand(const std::string& name);
HandlerPtr MakePretrainTeacherCommand(const std::string& name);
HandlerPtr MakeCompletionCommand(const std::string& name);
HandlerPtr MakeCollectCommand(const std::string& name);
HandlerPtr MakeCompareCommand(const std::string& name);
HandlerPtr MakePlanCommand(const std::string& name);
HandlerPtr MakeReportCommand(const std::string& name);
HandlerPtr MakeFidCommand(const std::string& name);
HandlerPtr MakePredictCommand(const std::string& name);
HandlerPtr MakeStudentExportCommand(const std::string& name);
HandlerPtr MakeEmbeddingShowCommand(const std::string& name);
HandlerPtr MakeEmbeddingExportCommand(const std::string& name);
HandlerPtr MakeInspectCommand(const std::string& name);
HandlerPtr MakeVerifyCommand(const std::string& name);
HandlerPtr MakeBenchCommand(const std::string& name);
HandlerPtr MakeDoctorCommand(const std::string& name);

}  // namespace tint
