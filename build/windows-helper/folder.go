//go:build windows

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/windows"
)

// Everybody may read what is in a folder and run it, in the words of security descriptors.
const everybodyReads = "(A;OICI;0x1200a9;;;WD)"

// programData is our folder below the one of the machine. Others can make folders there, so ours are closed to them.
func programData(names ...string) string {
	return filepath.Join(append([]string{os.Getenv("ProgramData")}, names...)...)
}

// prepareFolders makes the service's folder and closes it to all but the system, administrators and the account; likewise its
// usual place, where settings with secrets may lie. A folder elsewhere that is there is left as it is: it may be a drive or a home.
func prepareFolders(dir, service, account string) error {
	place := programData(service)
	if !isOurs(place) {
		return fmt.Errorf("%s is somebody else's: choose another --name", place)
	}
	if err := prepareDataFolder(place, account); err != nil {
		return err
	}
	if isWithin(dir, place) {
		return os.MkdirAll(dir, 0o700)
	}
	if _, err := os.Stat(dir); err == nil {
		fmt.Fprintf(os.Stderr, "natsjob-helper: %s is there already, who may use it is left as it is; the service must be able to write to its folders\n", dir)
		return nil
	}
	return prepareDataFolder(dir, account)
}

func prepareDataFolder(dir, account string) error {
	if account == "" {
		return closeFolder(dir, "")
	}
	sid, _, _, err := windows.LookupSID("", account)
	if err != nil {
		return fmt.Errorf("there is no account %s: %w", account, err)
	}
	const modify = "0x1301bf"
	return closeFolder(dir, fmt.Sprintf("(A;OICI;%s;;;%s)", modify, sid))
}

// isOurs says whether the folder is missing, empty or holds what a service of natsjob has.
func isOurs(place string) bool {
	entries, err := os.ReadDir(place)
	return err != nil || len(entries) == 0 || slices.ContainsFunc(entries, func(entry fs.DirEntry) bool {
		return slices.Contains([]string{"data", "conf", "logs"}, strings.ToLower(entry.Name()))
	})
}

func isWithin(dir, place string) bool {
	dir, place = strings.ToLower(filepath.Clean(dir)), strings.ToLower(place)
	return dir == place || strings.HasPrefix(dir, place+`\`)
}

// closeFolder makes the folder if need be and leaves it to the system and administrators, and to whom `others` names.
func closeFolder(dir, others string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	descriptor, err := windows.SecurityDescriptorFromString("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)" + others)
	if err != nil {
		return err
	}
	owner, _, err := descriptor.Owner()
	if err != nil {
		return err
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return err
	}
	const what = windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION | windows.PROTECTED_DACL_SECURITY_INFORMATION
	if err := windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, what, owner, nil, list, nil); err != nil {
		return fmt.Errorf("%s cannot be closed to others: %w", dir, err)
	}
	return nil
}
