; What the installer for Windows does beyond electron-builder's: deep links, and data that stays unless its deletion is asked for.

; Strings of the uninstaller only: one that nothing uses is an error.
!macro customHeader
  !ifdef BUILD_UNINSTALLER
    LangString natsjobAskDelete 1033 "Delete the jobs, runs and settings of natsjob as well?"
    LangString natsjobAskDelete 2052 "是否同时删除 natsjob 的任务、运行记录和设置？"
  !endif
!macroend

; For this person only: the page that asks whether it is for all is left out, as only an administrator could say so.
!macro customInstallMode
  StrCpy $isForceCurrentInstall "1"
!macroend

!macro customInstall
  WriteRegStr HKCU "Software\Classes\natsjobx" "" "URL:natsjob"
  WriteRegStr HKCU "Software\Classes\natsjobx" "URL Protocol" ""
  WriteRegStr HKCU "Software\Classes\natsjobx\DefaultIcon" "" "$INSTDIR\${APP_EXECUTABLE_FILENAME},0"
  WriteRegStr HKCU "Software\Classes\natsjobx\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "%1"'
!macroend

!macro customUnInstall
  ; The installer of a newer version runs this first, with that word: then nothing of the person's may go.
  ClearErrors
  ${GetParameters} $R0
  ${GetOptions} $R0 "/KEEP_APP_DATA" $R1
  ${if} ${Errors}
  ${andIfNot} ${isUpdated}
    DeleteRegKey HKCU "Software\Classes\natsjobx"
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${APP_ID}"
    ; Asked with "No" as the answer of a silent uninstallation and of the Enter key.
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(natsjobAskDelete)$\r$\n$\r$\n$LOCALAPPDATA\natsjob$\r$\n$APPDATA\${APP_FILENAME}" /SD IDNO IDNO natsjobKeepData
    RMDir /r "$APPDATA\${APP_FILENAME}"
    RMDir /r "$LOCALAPPDATA\natsjob\data"
    RMDir /r "$LOCALAPPDATA\natsjob\conf"
    RMDir /r "$LOCALAPPDATA\natsjob\logs"
    natsjobKeepData:
  ${endIf}
!macroend
